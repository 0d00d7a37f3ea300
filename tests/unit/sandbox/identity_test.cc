// SPDX-License-Identifier: Apache-2.0
// The identity endpoints over HTTP: tokens, discovery, Zerobus, their faults and their counts.
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "common/time/clock.h"
#include "tests/sandbox/credential_uses.h"
#include "tests/sandbox/sandbox.h"
#include "tests/unit/sandbox/issuer.h"
#include "tests/unit/sandbox/requests.h"
#include "tests/unit/sandbox/tokens.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

constexpr auto kTimeout = std::chrono::seconds(10);
constexpr const char* kTable = "main.traces.spans";

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    options.folder = testing::TempDir() + "/identity_test_" +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(options.folder);
    options.access.databricks_tables = {{{kTable, "v2"}, {"main.traces.old", "v1"}}};
    options.access.service_principals["client"] = {.secrets = {"old", "new"}, .tables = {}};
    auto started = Sandbox::start(options);
    EXPECT_TRUE(started) << started.error().message;
    sandbox = *std::move(started);
  }
  ~IdentityTest() override {
    sandbox.reset();
    std::filesystem::remove_all(options.folder);
  }

  static Result<HttpResponse> send(uint16_t port, HttpRequest request) {
    HttpClient::Options client_options;
    client_options.origin.scheme = "http";
    client_options.origin.authority = {"localhost", port};
    const auto client = make_http_client(std::move(client_options));
    std::promise<Result<HttpResponse>> answered;
    client->send(std::move(request), kTimeout,
                 [&](Result<HttpResponse> response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  Result<HttpResponse> ask(const HttpServerRequest& request) const {
    return send(sandbox->ports().databricks,
                {.path = request.path, .headers = request.headers, .body = request.body});
  }
  std::string token(const std::string& secret, const Fields& fields) const {
    const auto answer = ask(client_request("client", secret, fields));
    EXPECT_EQ(answer->status, 200) << answer->body;
    return json::parse(answer->body)["access_token"];
  }
  Result<HttpResponse> zerobus(const std::string& token, const std::string& table = kTable) const {
    return send(sandbox->ports().zerobus, {.path = "/v1/traces",
                                           .headers = {{"authorization", "Bearer " + token},
                                                       {"content-type", "application/x-protobuf"},
                                                       {"x-databricks-zerobus-table-name", table}},
                                           .body = to_bytes({})});
  }
  Result<HttpResponse> workspace(const std::string& token) const {
    return send(sandbox->ports().databricks,
                {.path = "/api/2.0/otel/v1/traces",
                 .headers = {{"authorization", "Bearer " + token},
                             {"content-type", "application/x-protobuf"},
                             {"x-databricks-uc-table-name", kTable}},
                 .body = to_bytes({})});
  }
  Result<HttpResponse> get(const std::string& path, HttpHeaders headers = {}) const {
    return send(sandbox->ports().databricks,
                {.method = "GET", .path = path, .headers = std::move(headers), .body = {}});
  }
  int post(const std::string& path, std::string body) const {
    return send(sandbox->admin_port(), {.path = path, .headers = {}, .body = std::move(body)})
        ->status;
  }
  json stats(const std::string& destination) const {
    return json::parse(
        send(sandbox->admin_port(), {.method = "GET", .path = "/stats", .headers = {}, .body = {}})
            ->body)[destination];
  }

  Options options;
  std::unique_ptr<Sandbox> sandbox;
};

TEST_F(IdentityTest, OpensEachDoorWithTheTokenThatIsMeantForIt) {
  const std::string plain = token("new", plain_form());
  const std::string scoped = token("new", zerobus_form(kTable));
  EXPECT_EQ(workspace(plain)->status, 200);
  EXPECT_EQ(zerobus(scoped)->status, 200);
  EXPECT_EQ(workspace(scoped)->status, 403);
  EXPECT_EQ(zerobus(plain)->status, 403);
  EXPECT_EQ(workspace("static")->status, 401);
  EXPECT_EQ(zerobus("static")->status, 401);
  EXPECT_GT(scoped.size(), 3000U);
  EXPECT_EQ(stats("databricks")["unique"], 1);
  EXPECT_EQ(stats("zerobus")["unique"], 1);
}

TEST_F(IdentityTest, TakesSpansOverZerobusForTablesOfSchemaV2OfTheTokenOnly) {
  const std::string scoped = token("new", zerobus_form(kTable));
  EXPECT_EQ(zerobus(scoped, "main.traces.old")->status, 403);
  const auto old = zerobus(token("new", zerobus_form("main.traces.old")), "main.traces.old");
  EXPECT_EQ(old->status, 400);
  EXPECT_EQ(json::parse(old->body)["error_code"], "INVALID_PARAMETER_VALUE");
  const auto gone = zerobus(token("new", zerobus_form("main.traces.no")), "main.traces.no");
  EXPECT_EQ(gone->status, 404);
  EXPECT_EQ(json::parse(gone->body)["message"], "Table \"main.traces.no\" cannot be found.");
}

TEST_F(IdentityTest, RefusesTokensThatAreRevokedOrAtTheirEnd) {
  const std::string revoked = token("new", plain_form());
  EXPECT_EQ(post("/tokens/revoke", R"({"client_id": "other"})"), 200);
  EXPECT_EQ(workspace(revoked)->status, 200);
  EXPECT_EQ(post("/tokens/revoke", R"({"client_id": "client"})"), 200);
  EXPECT_EQ(workspace(revoked)->status, 401);
  const std::string expired = token("new", zerobus_form(kTable));
  EXPECT_EQ(post("/tokens/expire", ""), 200);
  EXPECT_EQ(zerobus(expired)->status, 401);
  EXPECT_EQ(stats("zerobus")["refused"]["expired"], 1);
  EXPECT_EQ(post("/credentials", R"({"token_seconds": 20, "expiry_margin_seconds": 30})"), 200);
  const auto near = workspace(token("new", plain_form()));
  EXPECT_EQ(near->status, 403);
  EXPECT_NE(near->body.find("expiring within 30 seconds"), std::string::npos);
}

TEST_F(IdentityTest, TellsWhichSecretIsStillInUse) {
  EXPECT_EQ(workspace(token("old", plain_form()))->status, 200);
  EXPECT_EQ(stats("databricks")["credentials"][credential_name("old")]["accepted"], 1);
  EXPECT_EQ(post("/reset", ""), 200);
  EXPECT_EQ(workspace(token("new", plain_form()))->status, 200);
  EXPECT_EQ(post("/faults/databricks", R"({"kind": "status", "status": 503, "count": 1})"), 200);
  EXPECT_EQ(workspace(token("new", plain_form()))->status, 503);
  EXPECT_EQ(stats("databricks")["credentials"][credential_name("new")]["accepted"], 1);
  EXPECT_EQ(stats("databricks")["credentials"][credential_name("new")]["refused"], 1);
  EXPECT_FALSE(stats("databricks")["credentials"].contains(credential_name("old")));
  EXPECT_FALSE(stats("token")["credentials"].contains(credential_name("old")));
  EXPECT_EQ(stats("token")["credentials"][credential_name("new")]["accepted"], 2);
  EXPECT_EQ(post("/credentials", R"({"service_principals": {"client": {"secrets": ["newest"]}}})"),
            200);
  EXPECT_EQ(ask(client_request("client", "new", plain_form()))->status, 401);
  EXPECT_EQ(stats("token")["credentials"][credential_name("new")]["refused"], 1);
  EXPECT_EQ(stats("token")["refused"]["invalid_client"], 1);
}

TEST_F(IdentityTest, ExchangesATokenOfAClusterForOneThatWrites) {
  const Issuer issuer;
  const json policy{{"issuer", "https://issuer"},
                    {"audiences", {"account"}},
                    {"subject", "system:serviceaccount:ns:agents"},
                    {"client_id", "client"},
                    {"jwks", issuer.jwks()}};
  EXPECT_EQ(post("/credentials", json{{"federation_policies", {policy}}}.dump()), 200);
  const auto now = unix_nanos(SystemClock().wall()) / 1'000'000'000;
  const std::string subject = issuer.sign({{"iss", "https://issuer"},
                                           {"aud", {"account"}},
                                           {"sub", "system:serviceaccount:ns:agents"},
                                           {"exp", now + 600}});
  const auto answer = ask(exchange_request(subject, "client"));
  ASSERT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(workspace(json::parse(answer->body)["access_token"])->status, 200);
  const std::string name = "https://issuer|system:serviceaccount:ns:agents";
  EXPECT_EQ(stats("databricks")["credentials"][name]["accepted"], 1);
}

TEST_F(IdentityTest, TellsWhereZerobusIs) {
  const auto found = get("/.well-known/databricks-config");
  ASSERT_EQ(found->status, 200);
  const json config = json::parse(found->body);
  EXPECT_EQ(config["workspace_id"], "1234567890123456");
  EXPECT_EQ(config["oidc_endpoint"],
            "http://localhost:" + std::to_string(sandbox->ports().databricks) + "/oidc");
  const std::string path = "/api/2.1/unity-catalog/metastore_summary";
  EXPECT_EQ(get(path)->status, 401);
  EXPECT_EQ(get(path, {{"authorization", "Bearer " + token("new", zerobus_form(kTable))}})->status,
            403);
  const std::string plain = "Bearer " + token("new", plain_form());
  EXPECT_EQ(get(path, {{"authorization", plain}, {"x-databricks-workspace-id", "7"}})->status, 400);
  const auto summary =
      get(path, {{"authorization", plain}, {"x-databricks-workspace-id", "1234567890123456"}});
  ASSERT_EQ(summary->status, 200);
  EXPECT_EQ(json::parse(summary->body)["region"], "us-east-1");
}

TEST_F(IdentityTest, MisbehavesAtTheTokenEndpointAsItIsTold) {
  const HttpServerRequest request = client_request("client", "new", plain_form());
  const auto fault = [&](const std::string& text) { return post("/faults/token", text); };
  EXPECT_EQ(fault(R"({"kind": "grant", "count": 1, "set": {"expires_in": "60", "scope": null}})"),
            200);
  const json changed = json::parse(ask(request)->body);
  EXPECT_EQ(changed["expires_in"], "60");
  EXPECT_FALSE(changed.contains("scope"));
  EXPECT_EQ(fault(R"({"kind": "status", "status": 429, "retry_after": 7, "count": 1})"), 200);
  const auto throttled = ask(request);
  EXPECT_EQ(throttled->status, 429);
  EXPECT_EQ(throttled->header("retry-after"), "7");
  EXPECT_EQ(fault(R"({"kind": "status", "status": 307, "location": "http://127.0.0.1:1/",
                      "content_type": "text/html", "body": "<html>", "count": 1})"),
            200);
  const auto moved = ask(request);
  EXPECT_EQ(moved->status, 307);
  EXPECT_EQ(moved->header("location"), "http://127.0.0.1:1/");
  EXPECT_EQ(moved->body, "<html>");
  EXPECT_EQ(fault(R"({"kind": "status", "status": 200, "bytes": 40000, "count": 1})"), 200);
  EXPECT_EQ(ask(request)->body.size(), 40000U);
  EXPECT_EQ(fault(R"({"kind": "cut", "count": 1})"), 200);
  EXPECT_FALSE(ask(request));
  EXPECT_EQ(ask(request)->status, 200);
  EXPECT_EQ(stats("token")["refused"]["fault_status"], 3);
}

TEST_F(IdentityTest, RefusesFaultsWhereTheyWouldDoNothing) {
  EXPECT_EQ(post("/faults/token", R"({"kind": "refuse"})"), 400);
  EXPECT_EQ(post("/faults/discovery", R"({"kind": "poison", "match": "x"})"), 400);
  EXPECT_EQ(post("/faults/databricks", R"({"kind": "grant", "set": {}})"), 400);
  EXPECT_EQ(post("/faults/zerobus", R"({"kind": "limit", "bytes": 1})"), 200);
  EXPECT_EQ(zerobus(token("new", zerobus_form(kTable)))->status, 413);
  EXPECT_EQ(post("/faults/discovery", R"({"kind": "status", "status": 500, "count": 1})"), 200);
  EXPECT_EQ(get("/.well-known/databricks-config")->status, 500);
}

}  // namespace
}  // namespace dualtrace::sandbox
