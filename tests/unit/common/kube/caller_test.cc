// SPDX-License-Identifier: Apache-2.0
#include "common/kube/caller.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_http_client.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/unit/common/kube/fake_credential.h"

namespace dualtrace::kube {
namespace {

using std::chrono::seconds;

struct CallerTest : testing::Test {
  HttpClients clients() {
    return {std::make_unique<FakeHttpClient>(sent), std::make_unique<FakeHttpClient>(others),
            std::make_unique<FakeHttpClient>(others)};
  }
  void call(const std::string& method = "GET") {
    caller.call(*connections.clients().calls,
                {.method = method, .path = "/x", .headers = {}, .body = {}}, seconds(30),
                [this](Result<HttpResponse> result) { results.push_back(std::move(result)); });
    scheduler.run_ready();
  }
  // Answers the oldest pending request.
  void answer(Result<HttpResponse> result) {
    ASSERT_FALSE(sent.empty());
    const auto done = std::move(sent.front().done);
    sent.pop_front();
    done(std::move(result));
    scheduler.run_ready();
  }
  void answer(int status, const std::string& retry_after = "") {
    HttpResponse response{.status = status, .headers = {}, .body = {}};
    if (!retry_after.empty()) response.headers = {{"retry-after", retry_after}};
    answer(response);
  }
  std::string authorization() { return sent.at(0).header("Authorization"); }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  MetricRegistry metrics;
  FakeCredential::State credential{.shown = {Shown{.authorization = "Bearer one"}}};
  std::deque<FakeHttpClient::Sent> sent;
  std::deque<FakeHttpClient::Sent> others;
  Connections connections{{.server = *parse_url("https://h:6443/prefix")},
                          "agent/1",
                          clients(),
                          std::make_unique<FakeCredential>(credential),
                          clock};
  Caller caller{connections, scheduler, CallMetrics(metrics, "h:6443")};
  std::vector<Result<HttpResponse>> results;
};

TEST_F(CallerTest, SendsTheRequestWithWhatEveryRequestShows) {
  call();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].request.path, "/prefix/x");
  EXPECT_EQ(sent[0].header("User-Agent"), "agent/1");
  EXPECT_EQ(authorization(), "Bearer one");
  EXPECT_EQ(sent[0].timeout, seconds(30));
  answer(404);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 404);
  EXPECT_NE(
      metrics.text().find(R"(rest_client_requests_total{code="404",host="h:6443",method="GET"} 1)"),
      std::string::npos);
}

TEST_F(CallerTest, WaitsWhereTheServerAsksForIt) {
  for (const int status : {429, 503, 500}) {
    call("POST");
    answer(status, "7");
    EXPECT_TRUE(results.empty());
    scheduler.run_for(seconds(6));
    EXPECT_TRUE(sent.empty());
    scheduler.run_for(seconds(1));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].timeout, seconds(23));
    answer(200);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0]->status, 200);
    results.clear();
  }
  EXPECT_NE(metrics.text().find(
                R"(rest_client_request_retries_total{code="429",host="h:6443",verb="POST"} 1)"),
            std::string::npos);
}

TEST_F(CallerTest, DoesNotWaitUnasked) {
  for (const int status : {429, 500, 503}) {
    call();
    answer(status);
    EXPECT_EQ(results.back()->status, status);
  }
  // The same holds for any other answer.
  call();
  answer(404, "1");
  EXPECT_EQ(results.back()->status, 404);
}

TEST_F(CallerTest, GivesTheAnswerOutWhenWaitingWouldPassTheDeadline) {
  call();
  answer(429, "30");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 429);
}

TEST_F(CallerTest, WaitsTenTimesAtMost) {
  call();
  for (int i = 0; i < 10; ++i) {
    answer(429, "1");
    EXPECT_TRUE(results.empty());
    scheduler.run_for(seconds(1));
  }
  answer(429, "1");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 429);
}

TEST_F(CallerTest, SendsOnceMoreWithAnotherCredential) {
  credential.shown.push_back(Shown{.authorization = "Bearer two"});
  credential.shown.push_back(Shown{.authorization = "Bearer three"});
  call("POST");
  answer(401);
  EXPECT_TRUE(results.empty());
  EXPECT_EQ(authorization(), "Bearer two");
  answer(401);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 401);
}

TEST_F(CallerTest, DoesNotRepeatWithACredentialThatWasRefused) {
  call();
  answer(401);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 401);
  EXPECT_EQ(credential.refusals, 1);
}

TEST_F(CallerTest, ReplacesACredentialOnceForManyRefusals) {
  credential.shown.push_back(Shown{.authorization = "Bearer two"});
  credential.shown.push_back(Shown{.authorization = "Bearer three"});
  call();
  call();
  answer(401);
  answer(401);
  EXPECT_EQ(credential.refusals, 1);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer two");
  EXPECT_EQ(sent[1].header("Authorization"), "Bearer two");
}

TEST_F(CallerTest, SendsOnceMoreOverAnotherConnectionWhatMayBeSentTwice) {
  const Error reset{ErrorKind::kUnavailable, "reset"};
  for (const char* method : {"GET", "PATCH", "PUT", "DELETE"}) {
    call(method);
    answer(fail(reset));
    EXPECT_EQ(sent.size(), 1U) << method;
    answer(fail(reset));
    EXPECT_EQ(results.back().error(), reset);
  }
  call("POST");
  answer(fail(reset));
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(results.size(), 5U);
  EXPECT_NE(metrics.text().find(
                R"(rest_client_requests_total{code="<error>",host="h:6443",method="PUT"} 2)"),
            std::string::npos)
      << metrics.text();
}

TEST_F(CallerTest, TakesAPassedTimeoutForUnavailable) {
  call();
  answer(fail(ErrorKind::kCancelled, "no answer in time"));
  EXPECT_EQ(results.at(0).error(), (Error{ErrorKind::kUnavailable, "no answer in time"}));
}

TEST_F(CallerTest, NeedsACredential) {
  credential.shown = {fail(ErrorKind::kDenied, "no token")};
  call();
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(results.at(0).error(), (Error{ErrorKind::kDenied, "no token"}));
}

TEST_F(CallerTest, EndsEveryCallWhenCancelled) {
  call();
  call();
  answer(429, "5");  // one waits, one is in flight
  caller.cancel();
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) EXPECT_EQ(result.error().kind, ErrorKind::kCancelled);
  answer(200);
  scheduler.run_for(seconds(10));
  EXPECT_TRUE(sent.empty());
  call();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[2].error().kind, ErrorKind::kCancelled);
}

// The body of an answer that is streamed.
struct StreamedCallTest : CallerTest {
  StreamedCallTest() : http(static_cast<FakeHttpClient&>(*connections.clients().calls)) {
    caller.call(http, {.method = "GET", .path = "/x", .headers = {}, .body = {}}, seconds(30),
                [this](Result<HttpResponse> result) { results.push_back(std::move(result)); },
                {.begin = [this] { read.clear(); },
                 .piece = [this](std::string_view bytes) { read.append(bytes); }});
    scheduler.run_ready();
  }
  HttpStreamReader& last() { return http.opened.back().reader; }
  void end(Status status) {
    last().ended(std::move(status));
    scheduler.run_ready();
  }

  FakeHttpClient& http;
  std::string read;
};

TEST_F(StreamedCallTest, HandsTheBodyOnAndAnswersAtItsEnd) {
  ASSERT_EQ(http.opened.size(), 1U);
  EXPECT_EQ(http.opened[0].request.path, "/prefix/x");
  last().head({.status = 200});
  last().piece("ab");
  last().piece("cd");
  EXPECT_EQ(read, "abcd");
  EXPECT_TRUE(results.empty());
  end({});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->status, 200);
  EXPECT_EQ(results[0]->body, "") << "it was passed on";
  scheduler.run_for(seconds(60));
  EXPECT_EQ(results.size(), 1U);
}

TEST_F(StreamedCallTest, KeepsARefusalAndWaitsWhereItAsksForThat) {
  last().head({.status = 429, .headers = {{"retry-after", "7"}}});
  last().piece("busy");
  end({});
  EXPECT_TRUE(results.empty());
  scheduler.run_for(seconds(7));
  ASSERT_EQ(http.opened.size(), 2U);
  last().head({.status = 403});
  last().piece("no");
  end({});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0]->body, "no");
  EXPECT_EQ(read, "");
}

TEST_F(StreamedCallTest, BeginsAnewWhenTheAnswerWasTorn) {
  last().head({.status = 200});
  last().piece("half");
  end(fail(ErrorKind::kUnavailable, "reset"));
  ASSERT_EQ(http.opened.size(), 2U);
  last().head({.status = 200});
  last().piece("whole");
  end({});
  EXPECT_EQ(read, "whole");
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]);
}

TEST_F(StreamedCallTest, EndsAtItsDeadline) {
  last().head({.status = 200});
  last().piece("half");
  scheduler.run_for(seconds(30));
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].error().kind, ErrorKind::kUnavailable);
  end({});
  EXPECT_EQ(results.size(), 1U);
}

}  // namespace
}  // namespace dualtrace::kube
