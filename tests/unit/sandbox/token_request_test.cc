// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/token_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/bytes/base64.h"
#include "tests/sandbox/credential_uses.h"
#include "tests/sandbox/files.h"
#include "tests/unit/sandbox/issuer.h"
#include "tests/unit/sandbox/tokens.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const WallTime kNow = from_unix_nanos(1'800'000'000'000'000'000);
const std::string kSubject = "system:serviceaccount:observability:agents";

Access access() {
  Access made;
  made.service_principals["client"] = {.secrets = {"old", "new"},
                                       .tables = {{"main.traces.spans"}}};
  return made;
}

json claims() {
  return {{"iss", "https://issuer"},
          {"sub", kSubject},
          {"aud", {"account"}},
          {"exp", 1'800'000'000 + 600}};
}

Access federated(const Issuer& issuer, const std::string& client_id = "client") {
  Access made = access();
  made.federation_policies = {{.issuer = "https://issuer",
                               .audiences = {"account"},
                               .subject = kSubject,
                               .client_id = client_id,
                               .jwks = issuer.jwks().dump()}};
  return made;
}

TokenRefusal refusal_of(const HttpServerRequest& request, const Access& access = access()) {
  const auto verdict = judge_token_request(request, access, kNow);
  const auto* const refused = std::get_if<TokenRefusal>(&verdict);
  return refused == nullptr ? TokenRefusal{.status = 200} : *refused;
}

TokenGrant grant_of(const HttpServerRequest& request, const Access& access = access()) {
  const auto verdict = judge_token_request(request, access, kNow);
  if (const auto* const refused = std::get_if<TokenRefusal>(&verdict))
    ADD_FAILURE() << refused->error << ": " << refused->description;
  const auto* const granted = std::get_if<TokenGrant>(&verdict);
  return granted == nullptr ? TokenGrant() : *granted;
}

TEST(TokenRequest, GrantsAPlainTokenToAClientWithOneOfItsSecrets) {
  for (const char* secret : {"old", "new"}) {
    const TokenGrant granted = grant_of(client_request("client", secret, plain_form()));
    EXPECT_EQ(granted.grant.client_id, "client");
    EXPECT_EQ(granted.grant.credential, credential_name(secret));
    EXPECT_FALSE(granted.grant.zerobus);
    EXPECT_EQ(granted.expires, kNow + seconds(3600));
    EXPECT_EQ(granted.expires_in, 3600U);
  }
}

TEST(TokenRequest, RefusesAClientWithoutItsSecretInTheHeader) {
  EXPECT_EQ(refusal_of(client_request("client", "gone", plain_form())).error, "invalid_client");
  EXPECT_EQ(refusal_of(client_request("client", "gone", plain_form())).status, 401);
  EXPECT_EQ(refusal_of(client_request("other", "new", plain_form())).error, "invalid_client");
  EXPECT_EQ(refusal_of(form_request(plain_form())).error, "invalid_client");
  for (const std::pair<std::string, std::string> extra :
       {std::pair("client_secret", "new"), {"client_id", "client"}, {"subject_token", "x"}}) {
    Fields fields = plain_form();
    fields.push_back(extra);
    EXPECT_EQ(refusal_of(client_request("client", "new", fields)).error, "invalid_request");
  }
}

TEST(TokenRequest, RefusesWhatIsNoFormOfThisGrant) {
  HttpServerRequest json_body = client_request("client", "new", plain_form());
  json_body.headers[1].second = "application/json";
  EXPECT_EQ(refusal_of(json_body).error, "invalid_request");
  HttpServerRequest in_query = client_request("client", "new", {});
  in_query.query = "grant_type=client_credentials";
  EXPECT_EQ(refusal_of(in_query).error, "invalid_request");
  const auto changed = [](const char* name, const char* value) {
    Fields fields = plain_form();
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    if (value != nullptr) fields.emplace_back(name, value);
    return refusal_of(client_request("client", "new", fields)).error;
  };
  EXPECT_EQ(changed("grant_type", nullptr), "invalid_request");
  EXPECT_EQ(changed("grant_type", "password"), "unsupported_grant_type");
  EXPECT_EQ(changed("scope", nullptr), "invalid_scope");
  EXPECT_EQ(changed("scope", "all"), "invalid_scope");
  EXPECT_EQ(changed("ressource", "typo"), "invalid_request");
  Fields twice = plain_form();
  twice.push_back(twice.back());
  EXPECT_EQ(refusal_of(client_request("client", "new", twice)).error, "invalid_request");
}

TEST(TokenRequest, GrantsZerobusPerTableAndThisWorkspaceOnly) {
  const TokenGrant granted =
      grant_of(client_request("client", "new", zerobus_form("main.traces.spans")));
  EXPECT_TRUE(granted.grant.zerobus);
  EXPECT_TRUE(granted.grant.has_details);
  EXPECT_EQ(granted.grant.tables, std::set<std::string>{"main.traces.spans"});
  EXPECT_EQ(refusal_of(client_request("client", "new", zerobus_form("main.traces.other"))).error,
            "invalid_authorization_details");
  EXPECT_EQ(
      refusal_of(client_request("client", "new", zerobus_form("main.traces.spans", "77"))).error,
      "invalid_target");
}

TEST(TokenRequest, MintsAZerobusTokenWithoutDetailsThatIsGoodForNothing) {
  Fields fields = zerobus_form("main.traces.spans");
  std::erase_if(fields, [](const auto& field) { return field.first == "authorization_details"; });
  const TokenGrant granted = grant_of(client_request("client", "new", fields));
  EXPECT_TRUE(granted.grant.zerobus);
  EXPECT_FALSE(granted.grant.has_details);
  Fields without_resource = zerobus_form("main.traces.spans");
  std::erase_if(without_resource, [](const auto& field) { return field.first == "resource"; });
  EXPECT_EQ(refusal_of(client_request("client", "new", without_resource)).error, "invalid_request");
}

TEST(TokenRequest, ExchangesATokenThatAPolicyKnows) {
  const Issuer issuer;
  const TokenGrant granted =
      grant_of(exchange_request(issuer.sign(claims()), "client"), federated(issuer));
  EXPECT_EQ(granted.grant.client_id, "client");
  EXPECT_EQ(granted.grant.credential, "https://issuer|" + kSubject);
  EXPECT_EQ(granted.grant.allowed, (std::set<std::string>{"main.traces.spans"}));
  // It expires with the subject token, whatever the answer promises.
  EXPECT_EQ(granted.expires, kNow + seconds(600));
  EXPECT_EQ(granted.expires_in, 3600U);
}

TEST(TokenRequest, TellsAPolicyOfThePrincipalFromOneOfTheAccount) {
  const Issuer issuer;
  const std::string token = issuer.sign(claims());
  grant_of(exchange_request(token, ""), federated(issuer, ""));
  EXPECT_EQ(refusal_of(exchange_request(token, ""), federated(issuer)).error, "invalid_grant");
  EXPECT_EQ(refusal_of(exchange_request(token, "client"), federated(issuer, "")).error,
            "invalid_grant");
}

TEST(TokenRequest, RefusesASubjectTokenThatNoPolicyKnows) {
  const Issuer issuer;
  const auto error_with = [&](const char* name, const json& value) {
    json changed = claims();
    changed[name] = value;
    return refusal_of(exchange_request(issuer.sign(changed), "client"), federated(issuer)).error;
  };
  EXPECT_EQ(error_with("iss", "https://other"), "invalid_grant");
  EXPECT_EQ(error_with("sub", "system:serviceaccount:default:default"), "invalid_grant");
  EXPECT_EQ(error_with("aud", "https://kubernetes.default.svc"), "invalid_grant");
  EXPECT_EQ(error_with("exp", 1'800'000'000 - 61), "invalid_grant");
  EXPECT_EQ(error_with("nbf", 1'800'000'000 + 61), "invalid_grant");
  EXPECT_EQ(
      refusal_of(exchange_request(Issuer().sign(claims()), "client"), federated(issuer)).error,
      "invalid_grant");
  EXPECT_EQ(refusal_of(exchange_request("not a token", "client"), federated(issuer)).error,
            "invalid_request");
}

TEST(TokenRequest, RefusesAnExchangeThatShowsASecretOrAnotherKindOfToken) {
  const Issuer issuer;
  HttpServerRequest request = exchange_request(issuer.sign(claims()), "client");
  request.headers.emplace_back("authorization", "Basic " + encode_base64("client:new"));
  EXPECT_EQ(refusal_of(request, federated(issuer)).error, "invalid_request");
  HttpServerRequest other = exchange_request(issuer.sign(claims()), "client");
  other.body.replace(other.body.find("token-type%3Ajwt"), 16, "token-type%3Asaml2");
  EXPECT_EQ(refusal_of(other, federated(issuer)).error, "invalid_request");
}

TEST(TokenRequest, ReadsTheKeysOfAnIssuerFromAFileEachTime) {
  const Issuer issuer;
  Access access = federated(issuer);
  FederationPolicy& policy = access.federation_policies.front();
  policy.jwks.clear();
  policy.jwks_file = testing::TempDir() + "/token_request_test_jwks.json";
  ASSERT_TRUE(write_text(policy.jwks_file, Issuer().jwks().dump()));
  const HttpServerRequest request = exchange_request(issuer.sign(claims()), "client");
  EXPECT_EQ(refusal_of(request, access).error, "invalid_grant");
  ASSERT_TRUE(write_text(policy.jwks_file, issuer.jwks().dump()));
  grant_of(request, access);
}

}  // namespace
}  // namespace dualtrace::sandbox
