// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>

#include "agent/send/arize_http_exporter.h"
#include "agent/send/databricks_http_exporter.h"
#include "common/compress/gzip.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/agent/send/fake_keyring.h"

namespace dualtrace::agent {
namespace {

std::string partial_success(int64_t rejected, const std::string& message) {
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(rejected);
  response.mutable_partial_success()->set_error_message(message);
  return response.SerializeAsString();
}

struct HttpExporters : testing::Test {
  MakeHttpSender client() {
    return [this](const Key& key) {
      origins.push_back(key.origin.value_or(Url()).origin());
      return std::make_unique<FakeHttpClient>(sent);
    };
  }
  void make_databricks(Compression compression = Compression::kNone) {
    exporter = make_databricks_http_exporter({.table = "c.s.t", .compression = compression}, token,
                                             client(), clock);
  }
  void make_arize(const std::string& path, Compression compression) {
    exporter = make_arize_http_exporter({.endpoint_path = path, .compression = compression}, keys,
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
  FakeKeyring token{{"secret"}};
  FakeKeyring keys{{"secret", "U3BhY2U6MTphYmNk"}};
  std::vector<std::string> origins;
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

TEST_F(HttpExporters, PostToZerobusAsItWantsItWhereTheKeySaysThatItIs) {
  exporter = make_zerobus_http_exporter({.table = "c.s.t"}, token, client(), clock);
  EXPECT_TRUE(origins.empty()) << "its host is not known yet";
  token.current = std::make_shared<const Key>(
      Key{.values = {"scoped"}, .origin = Url{"https", {"1.zerobus.r.example", 443}, ""}});
  send();
  send();
  EXPECT_EQ(origins, std::vector<std::string>{"https://1.zerobus.r.example:443"});
  EXPECT_EQ(sent[0].request.path, "/v1/traces");
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer scoped");
  EXPECT_EQ(sent[0].header("x-databricks-zerobus-table-name"), "c.s.t");
  EXPECT_EQ(sent[0].header("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(sent[0].request.headers.size(), 3u);
  answer(HttpResponse{.status = 404,
                      .body = R"({"error_code":"NOT_FOUND","message":"Table cannot be found."})"});
  EXPECT_EQ(outcomes[0].reason, "TableMissing");
}

TEST_F(HttpExporters, PostToArizeAsItWantsIt) {
  make_arize("/v1", Compression::kGzip);
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

TEST_F(HttpExporters, TellWhatBecameOfAKey) {
  using Kind = KeyVerdict::Kind;
  make_databricks();
  const std::vector<std::pair<int, Kind>> verdicts = {{200, Kind::kTaken},   {401, Kind::kRefused},
                                                      {403, Kind::kRefused}, {404, Kind::kUnsaid},
                                                      {429, Kind::kUnsaid},  {503, Kind::kUnsaid}};
  for (const auto& [status, kind] : verdicts) {
    send();
    answer(HttpResponse{.status = status});
    EXPECT_EQ(token.verdicts.back().second.kind, kind) << status;
  }
  send();
  answer(HttpResponse{.status = 200, .body = "<html>sign in</html>"});
  EXPECT_EQ(token.verdicts.back().second.kind, Kind::kUnsaid) << "a web page accepts nothing";
  EXPECT_EQ(token.verdicts.size(), outcomes.size());
}

// This is how Databricks answers an expired Entra token.
TEST_F(HttpExporters, TakeA400ThatIsAboutTheKeyForARefusal) {
  make_databricks();
  send();
  answer(HttpResponse{
      .status = 400,
      .body = R"({"error_code":400,"message":"io.jsonwebtoken.ExpiredJwtException: expired"})"});
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kPause);
  EXPECT_EQ(outcomes[0].reason, "AuthRejected");
  EXPECT_EQ(token.verdicts[0].second.reason, "AuthRejected");
}

TEST_F(HttpExporters, SendTheVerySameRequestAgainWithTheKeyThatIsLeft) {
  make_databricks();
  token.current = FakeKeyring::key({"candidate"});
  token.again = {FakeKeyring::key({"in use"})};
  send("these");
  answer(HttpResponse{.status = 403});
  EXPECT_TRUE(outcomes.empty()) << "the lane is notified once";
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer in use");
  EXPECT_EQ(sent[0].request.body.joined(), "these");
  answer(HttpResponse{.status = 200});
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kDelivered);
  ASSERT_EQ(token.verdicts.size(), 2u);
  EXPECT_EQ(token.verdicts[0].first, "candidate");
  EXPECT_EQ(token.verdicts[1].first, "in use");
}

TEST_F(HttpExporters, DoNotSendARequestAgainForEver) {
  make_databricks();
  token.again.assign(9, FakeKeyring::key({"other"}));
  send();
  for (int i = 0; i < 3; ++i) answer(HttpResponse{.status = 401});
  EXPECT_TRUE(sent.empty());
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].reason, "AuthRejected");
}

// Not only a refusal repeats a key: an ingress that shows the request's headers answers 200.
TEST_F(HttpExporters, HideTheKeyWhateverTheAnswerIs) {
  token.current = FakeKeyring::key({"dapi-very/secret="});
  keys.current = FakeKeyring::key({"dapi-very/secret=", "U3BhY2U6MTphYmNk"});
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"text/plain", "Host: a\nAuthorization: Bearer dapi-very/secret=\n"},
      {"text/plain", "GET /?key=dapi-very%2Fsecret%3d"},
      {"application/json", R"({"headers":{"Authorization":"Bearer dapi-very\/secret="}})"},
      {"application/json", R"({"headers":{"Authorization":"Bearer dapi-very/secret\u003d"}})"},
      {"application/json", R"({"error_code":"X","message":"no dapi-very\/secret\u003d"})"},
      {"application/json", R"({"error_code":"dapi-very/secret=","message":"no"})"},
      {"application/json", R"({"code":3,"message":"no dapi-very/secret="})"},
      {"application/json",
       R"({"partialSuccess":{"rejectedSpans":1,"errorMessage":"dapi-very\/secret\u003d"}})"},
      {"application/x-protobuf", partial_success(1, "no dapi-very/secret=")},
      {"application/x-protobuf", partial_success(0, "no dapi-very/secret=")},
  };
  for (const int status : {200, 202, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503}) {
    for (const auto& [type, body] : answers) {
      for (const bool arize : {false, true}) {
        arize ? make_arize("", Compression::kNone) : make_databricks();
        send();
        answer(HttpResponse{.status = status, .headers = {{"content-type", type}}, .body = body});
        const std::string& message = outcomes.back().message;
        EXPECT_EQ(message.find("very"), std::string::npos) << status << ": " << message;
      }
    }
  }
  for (const auto& [key, verdict] : token.verdicts) {
    EXPECT_EQ(verdict.message.find("very"), std::string::npos) << verdict.message;
  }
}

TEST_F(HttpExporters, ReadTheResultOfAnAnswerThatRepeatsTheKey) {
  make_databricks();
  send();
  answer(HttpResponse{.status = 200,
                      .headers = {{"content-type", "application/x-protobuf"}},
                      .body = partial_success(2, "the key secret is fine")});
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kPartly);
  EXPECT_EQ(outcomes[0].rejected, 2u);
  EXPECT_EQ(outcomes[0].message, "the key (hidden) is fine");
}

TEST_F(HttpExporters, HideWhatTheSenderAdded) {
  make_arize("", Compression::kNone);
  send();
  answer(HttpResponse{.status = 502,
                      .body = "Proxy-Authorization: Basic YWdlbnRzOnMzY3JldDp3b3Jk",
                      .secrets = {"s3cret:word"}});
  EXPECT_EQ(outcomes[0].message, "HTTP 502: Proxy-Authorization: Basic YWdlbnRzOn(hidden)");
}

TEST_F(HttpExporters, SendNothingWithoutAKeyAndSayWhy) {
  const std::vector<std::pair<ErrorKind, std::string>> reasons = {
      {ErrorKind::kNotFound, "CredentialMissing"},
      {ErrorKind::kDenied, "AuthRejected"},
      {ErrorKind::kInvalid, "Misconfigured"},
      {ErrorKind::kThrottled, "TokenUnavailable"},
      {ErrorKind::kUnavailable, "TokenUnavailable"}};
  make_arize("", Compression::kGzip);
  for (const auto& [kind, reason] : reasons) {
    keys.missing = Error{kind, "why"};
    std::promise<Outcome> outcome;
    const auto sender = std::this_thread::get_id();
    exporter->send({.body = std::make_shared<const RequestBody>(std::string("spans"))},
                   [&](Outcome given) {
                     EXPECT_NE(std::this_thread::get_id(), sender);
                     outcome.set_value(std::move(given));
                   });
    const Outcome given = outcome.get_future().get();
    EXPECT_EQ(given.kind, reason == "TokenUnavailable" ? OutcomeKind::kRetry : OutcomeKind::kPause);
    EXPECT_EQ(given.reason, reason);
  }
  EXPECT_TRUE(sent.empty());
  EXPECT_TRUE(keys.verdicts.empty());
}

TEST_F(HttpExporters, AnswerEveryRequestBeforeTheyAreGone) {
  make_databricks();
  send();
  send();
  exporter.reset();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kRetry);

  make_databricks();
  token.missing = Error{ErrorKind::kNotFound, "missing"};
  for (int i = 0; i < 10; ++i) send();
  exporter.reset();
  EXPECT_EQ(outcomes.size(), 12u);
}

TEST_F(HttpExporters, GiveUpGzipWhenOnlyThePlainBodyIsTaken) {
  make_databricks(Compression::kGzip);
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
  make_databricks(Compression::kGzip);
  send();
  answer(HttpResponse{.status = 400});
  answer(HttpResponse{.status = 400});  // uncompressed, and refused as well
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::kRefuse);
  send();
  EXPECT_EQ(sent[0].header("Content-Encoding"), "gzip");
  answer(HttpResponse{.status = 200, .body = "<html>"});  // proves nothing
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
