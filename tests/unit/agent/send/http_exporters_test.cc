#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>

#include "agent/send/arize_http_exporter.h"
#include "agent/send/databricks_http_exporter.h"
#include "common/compress/gzip.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/agent/send/fake_credential.h"

namespace dualtrace::agent {
namespace {

struct HttpExporters : testing::Test {
  std::unique_ptr<HttpClient> client() { return std::make_unique<FakeHttpClient>(sent); }
  void make_databricks(bool gzip = false) {
    exporter =
        make_databricks_http_exporter({.table = "c.s.t", .gzip = gzip}, token, client(), clock);
  }
  void make_arize(const std::string& path, bool gzip) {
    exporter = make_arize_http_exporter({.endpoint_path = path, .gzip = gzip}, token, space,
                                        client(), clock);
  }
  void send(const std::string& body = "spans") {
    exporter->send({.body = std::make_shared<const RequestBody>(body),
                    .spans = 5,
                    .timeout = std::chrono::seconds(7)},
                   [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
  }
  void answer(const Result<HttpResponse>& response) {
    ASSERT_FALSE(sent.empty());
    const HttpClient::Done done = std::move(sent.front().done);
    sent.pop_front();
    done(response);
  }

  FakeClock clock;
  FakeCredential token{"secret"};
  FakeCredential space{"U3BhY2U6MTphYmNk"};
  std::deque<FakeHttpClient::Sent> sent;
  std::vector<Outcome> outcomes;
  std::unique_ptr<Exporter> exporter;
};

TEST_F(HttpExporters, PostToDatabricksAsItWantsIt) {
  make_databricks();
  send();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].request.method, "POST");
  EXPECT_EQ(sent[0].request.path, "/api/2.0/otel/v1/traces");
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer secret");
  EXPECT_EQ(sent[0].header("X-Databricks-UC-Table-Name"), "c.s.t");
  EXPECT_EQ(sent[0].header("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(sent[0].header("Content-Encoding"), "");
  EXPECT_EQ(sent[0].request.headers.size(), 3u);
  EXPECT_EQ(sent[0].request.body.joined(), "spans");
  EXPECT_EQ(sent[0].timeout, std::chrono::seconds(7));
  answer(HttpResponse{.status = 200});
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kDelivered);
}

TEST_F(HttpExporters, PostToArizeAsItWantsIt) {
  make_arize("/v1", true);
  send();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].request.path, "/v1/traces");
  EXPECT_EQ(sent[0].header("authorization"), "secret");
  EXPECT_EQ(sent[0].header("arize-space-id"), "U3BhY2U6MTphYmNk");
  EXPECT_EQ(sent[0].header("arize-interface"), "dualtrace");
  EXPECT_EQ(sent[0].header("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(sent[0].header("Content-Encoding"), "gzip");
  EXPECT_EQ(gunzip(sent[0].request.body.joined(), 1000).value(), "spans");
}

TEST_F(HttpExporters, AlwaysPostToArizesTracesPath) {
  EXPECT_EQ(arize_traces_path(""), "/v1/traces");
  EXPECT_EQ(arize_traces_path("/v1"), "/v1/traces");
  EXPECT_EQ(arize_traces_path("/v1/traces"), "/v1/traces");
  EXPECT_EQ(arize_traces_path("/gateway"), "/gateway/v1/traces");
}

TEST_F(HttpExporters, ReadTheCredentialForEachRequestAndAnewAfterARefusal) {
  make_databricks();
  send();
  answer(HttpResponse{.status = 401});
  EXPECT_EQ(outcomes[0].reason, "AuthRejected");
  EXPECT_EQ(token.invalidated, 1);
  token.current = "rotated";
  send();
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer rotated");
  answer(HttpResponse{.status = 403});
  EXPECT_EQ(token.invalidated, 2);
  send();
  answer(HttpResponse{.status = 404});
  EXPECT_EQ(token.invalidated, 2);
}

// Databricks answers an expired Entra token so.
TEST_F(HttpExporters, ReadTheCredentialAnewAfterA400ThatIsAboutIt) {
  make_databricks();
  send();
  answer(HttpResponse{
      .status = 400,
      .body = R"({"error_code":400,"message":"io.jsonwebtoken.ExpiredJwtException: expired"})"});
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kPause);
  EXPECT_EQ(outcomes[0].reason, "AuthRejected");
  EXPECT_EQ(token.invalidated, 1);
}

TEST_F(HttpExporters, SendNothingWithoutACredential) {
  make_arize("", true);
  for (FakeCredential* missing : {&space, &token}) {
    missing->current.reset();
    std::promise<Outcome> outcome;
    const auto sender = std::this_thread::get_id();
    exporter->send({.body = std::make_shared<const RequestBody>(std::string("spans"))},
                   [&](Outcome given) {
                     EXPECT_NE(std::this_thread::get_id(), sender);
                     outcome.set_value(std::move(given));
                   });
    const Outcome given = outcome.get_future().get();
    EXPECT_EQ(given.kind, OutcomeKind::kPause);
    EXPECT_EQ(given.reason, "CredentialMissing");
  }
  EXPECT_TRUE(sent.empty());
}

TEST_F(HttpExporters, AnswerEveryRequestBeforeTheyAreGone) {
  make_databricks();
  send();
  send();
  exporter.reset();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kRetry);

  make_databricks();
  token.current.reset();
  for (int i = 0; i < 10; ++i) send();
  exporter.reset();
  EXPECT_EQ(outcomes.size(), 12u);
}

TEST_F(HttpExporters, GiveUpGzipWhenOnlyThePlainBodyIsTaken) {
  make_databricks(true);
  send();
  EXPECT_EQ(sent[0].header("Content-Encoding"), "gzip");
  answer(HttpResponse{.status = 415});
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(sent[0].header("Content-Encoding"), "");
  EXPECT_EQ(sent[0].request.body.joined(), "spans");
  answer(HttpResponse{.status = 200});
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kDelivered);
  send();
  EXPECT_EQ(sent[0].header("Content-Encoding"), "");
}

TEST_F(HttpExporters, KeepGzipWhenItWasNotToBlame) {
  make_databricks(true);
  send();
  answer(HttpResponse{.status = 400});
  answer(HttpResponse{.status = 400});  // as it is, and refused as well
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kRefuse);
  send();
  EXPECT_EQ(sent[0].header("Content-Encoding"), "gzip");
  answer(HttpResponse{.status = 200, .body = "<html>"});  // shows nothing
  send();
  answer(HttpResponse{.status = 400});
  EXPECT_EQ(sent[0].header("Content-Encoding"), "");
  answer(HttpResponse{.status = 400});
  send();
  answer(HttpResponse{.status = 200});
  send();
  answer(HttpResponse{.status = 400});
  EXPECT_TRUE(sent.empty());
  EXPECT_EQ(outcomes.back().kind, OutcomeKind::kRefuse);
}

}  // namespace
}  // namespace dualtrace::agent
