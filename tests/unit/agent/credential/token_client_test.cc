// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "common/bytes/base64.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/agent/credential/jwts.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kToken = R"({"access_token":"token-1","expires_in":3600})";
constexpr const char* kScoped = R"({"access_token":"scoped-1","expires_in":3600})";

struct TokenClient : testing::Test {
  void connect(TokenClientOptions options) {
    options.workspace_host = "x.cloud.databricks.com";
    maker = make_token_client(std::move(options), std::make_unique<FakeHttpClient>(sent), clock);
  }
  void connect_to_zerobus(std::optional<Url> endpoint = {}) {
    connect({.zerobus = TokenClientOptions::Zerobus{"c.s.t", std::move(endpoint)}});
  }
  void make() {
    maker->make({"dose-secret", "6f-1"}, [this](Result<MadeKey> key) { made.push_back(key); });
  }
  void answer(int status, const std::string& body, HttpHeaders headers = {}) {
    answer(HttpResponse{.status = status, .headers = std::move(headers), .body = body});
  }
  void answer(const Result<HttpResponse>& response) {
    ASSERT_FALSE(sent.empty());
    const HttpClient::Done done = std::move(sent.front().done);
    sent.pop_front();
    done(response);
  }
  [[nodiscard]] std::string asked() const {
    return sent.size() == 1 ? sent[0].request.method + " " + sent[0].request.path : "not one";
  }
  [[nodiscard]] std::string form() const { return sent.at(0).request.body.joined(); }

  FakeClock clock;
  std::deque<FakeHttpClient::Sent> sent;
  std::vector<Result<MadeKey>> made;
  std::unique_ptr<KeyMaker> maker;
};

TEST_F(TokenClient, AsksForATokenOfTheWorkspace) {
  connect({});
  make();
  EXPECT_EQ(asked(), "POST /oidc/v1/token");
  EXPECT_EQ(form().find("resource"), std::string::npos);
  answer(200, kToken);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0]->key.values, std::vector<std::string>{"token-1"});
  EXPECT_EQ(made[0]->key.origin, std::nullopt);
  EXPECT_EQ(made[0]->lifetime, seconds(3600));
}

TEST_F(TokenClient, ExchangesAProjectedTokenAndEndsWithIt) {
  connect({.kind = TokenClientOptions::Kind::kTokenExchange, .client_id = "6f-1"});
  const int64_t now = unix_nanos(clock.wall()) / 1'000'000'000;
  maker->make({projected_token(now + 900)}, [this](Result<MadeKey> key) { made.push_back(key); });
  EXPECT_NE(form().find("subject_token="), std::string::npos);
  answer(200, kToken);
  EXPECT_EQ(made.at(0)->lifetime, seconds(900));
}

TEST_F(TokenClient, FindsZerobusOnceAndAsksForItsTable) {
  connect_to_zerobus();
  make();
  EXPECT_EQ(asked(), "GET /.well-known/databricks-config");
  answer(200, R"({"workspace_id":"12"})");
  EXPECT_EQ(asked(), "POST /oidc/v1/token");
  EXPECT_EQ(form().find("resource"), std::string::npos) << "Unity Catalog requires a plain token";
  answer(200, kToken);
  EXPECT_EQ(asked(), "GET /api/2.1/unity-catalog/metastore_summary");
  EXPECT_EQ(sent[0].header("Authorization"), "Bearer token-1");
  EXPECT_EQ(sent[0].header("X-Databricks-Workspace-Id"), "12");
  answer(200, R"({"region":"us-west-2","cloud":"aws"})");
  EXPECT_EQ(asked(), "POST /oidc/v1/token");
  EXPECT_NE(form().find("zerobusDirectWriteApi"), std::string::npos);
  answer(200, kScoped);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0]->key.values, std::vector<std::string>{"scoped-1"});
  EXPECT_EQ(made[0]->key.origin->origin(), "https://12.zerobus.us-west-2.cloud.databricks.com:443");

  make();
  EXPECT_EQ(asked(), "POST /oidc/v1/token") << "known metadata is not requested again";
  answer(200, kScoped);
  EXPECT_TRUE(made[1]);
}

TEST_F(TokenClient, NeedsNoDiscoveryWhereTheHostSaysEverything) {
  connect_to_zerobus(Url{"https", {"12.zerobus.us-west-2.cloud.databricks.com", 443}, ""});
  make();
  EXPECT_NE(form().find("workspaces%2F12%2FzerobusDirectWriteApi"), std::string::npos);
}

TEST_F(TokenClient, AsksOnlyForTheNumberWhereThePrivateHostIsWritten) {
  connect_to_zerobus(Url{"https", {"zerobus.corp.example", 443}, ""});
  make();
  EXPECT_EQ(asked(), "GET /.well-known/databricks-config");
  answer(200, R"({"workspace_id":12})");
  EXPECT_EQ(asked(), "POST /oidc/v1/token");
  answer(200, kScoped);
  EXPECT_EQ(made.at(0)->key.origin->authority.host, "zerobus.corp.example");
}

TEST_F(TokenClient, GivesUpAtEachStepOfTheDiscovery) {
  connect_to_zerobus();
  make();
  answer(404, "<html>");
  make();
  answer(200, R"({"workspace_id":"../evil"})");
  make();
  answer(200, R"({"workspace_id":"12"})");
  answer(401, R"({"error":"invalid_client"})");
  make();
  answer(200, kToken);
  answer(403, R"({"error_code":"PERMISSION_DENIED","message":"no"})");
  make();
  answer(200, kToken);
  answer(200, R"({"region":"r.evil.test/"})");
  ASSERT_EQ(made.size(), 5u);
  EXPECT_EQ(made[0].error().kind, ErrorKind::kInvalid);
  EXPECT_NE(made[0].error().message.find("databricks.zerobus.endpoint"), std::string::npos);
  EXPECT_EQ(made[1].error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(made[2].error().kind, ErrorKind::kDenied);
  EXPECT_EQ(made[3].error().kind, ErrorKind::kInvalid) << "no other secret would help";
  EXPECT_EQ(made[4].error().kind, ErrorKind::kInvalid);
  EXPECT_TRUE(sent.empty());
}

TEST_F(TokenClient, TriesOnceWithoutTheOperationsAndRemembers) {
  connect_to_zerobus(Url{"https", {"12.zerobus.us-west-2.cloud.databricks.com", 443}, ""});
  make();
  EXPECT_NE(form().find("operations"), std::string::npos);
  answer(400, R"({"error":"invalid_request","error_description":"unknown: operations"})");
  EXPECT_EQ(form().find("operations"), std::string::npos);
  answer(200, kScoped);
  EXPECT_TRUE(made.at(0));
  make();
  EXPECT_EQ(form().find("operations"), std::string::npos);
}

TEST_F(TokenClient, TellsTheFirstRefusalWhenTheOperationsWereNotToBlame) {
  connect_to_zerobus(Url{"https", {"12.zerobus.us-west-2.cloud.databricks.com", 443}, ""});
  make();
  answer(400, R"({"error":"invalid_authorization_details","error_description":"no such table"})");
  answer(503, "");
  EXPECT_TRUE(sent.empty()) << "once";
  EXPECT_NE(made.at(0).error().message.find("no such table"), std::string::npos);
  make();
  EXPECT_NE(form().find("operations"), std::string::npos) << "nothing was learned";
}

TEST_F(TokenClient, RepeatsNoSecretThatIsEchoed) {
  connect({});
  make();
  answer(401, R"({"error":"invalid_client","error_description":"wrong: dose\\u002dsecret / )" +
                  encode_base64("6f-1:dose-secret") + "\"}");
  EXPECT_THAT(made.at(0).error().message, HasSubstr("wrong: (hidden) / NmYtMTp(hidden)A=="));
  // Truncating a long answer must not leave half of a secret.
  make();
  answer(401, R"({"error":"invalid_client","error_description":")" + std::string(295, 'x') +
                  "dose-secret\"}");
  EXPECT_EQ(made.at(1).error().message.find("dose-"), std::string::npos);
}

// The documents of the workspace are requested with a token that is already valid.
TEST_F(TokenClient, RepeatsNoTokenThatIsEchoedWhileItLooksForZerobus) {
  connect_to_zerobus();
  make();
  answer(200, R"({"workspace_id":"12"})");
  answer(200, R"({"access_token":"eyJ0.minted.1234","expires_in":3600})");
  answer(500, R"({"message":"Authorization: Bearer eyJ0.minted.1234 / dose-secret"})");
  EXPECT_THAT(made.at(0).error().message, HasSubstr("Bearer (hidden) / (hidden)"));
}

TEST_F(TokenClient, HasAnsweredEverythingWhenItIsGone) {
  connect_to_zerobus();
  make();
  make();
  maker.reset();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace dualtrace::agent
