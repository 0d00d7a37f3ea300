// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_request.h"

#include <gtest/gtest.h>

#include <map>

#include "common/bytes/base64.h"
#include "common/json/json.h"

namespace dualtrace::agent {
namespace {

std::map<std::string, std::string> headers_of(const HttpRequest& request) {
  return {request.headers.begin(), request.headers.end()};
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return plain;
}

std::map<std::string, std::string> form_of(const HttpRequest& request) {
  std::map<std::string, std::string> form;
  std::string body = request.body.joined() + "&";
  for (size_t at = 0, end = body.find('&'); end != std::string::npos;
       at = end + 1, end = body.find('&', at)) {
    const std::string field = body.substr(at, end - at);
    const size_t equals = field.find('=');
    EXPECT_TRUE(form.emplace(field.substr(0, equals), decoded(field.substr(equals + 1))).second);
  }
  return form;
}

using Form = std::map<std::string, std::string>;
const Grant kClient = ClientCredentials{.id = "6f-1", .secret = "dose+/= &"};
const ZerobusScope kScope{.workspace_id = "123", .table = "cat.sch.tbl"};

TEST(TokenRequest, ShowsAServicePrincipalsSecretInTheHeaderAlone) {
  const HttpRequest request = make_token_request(kClient, std::nullopt);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/oidc/v1/token");
  EXPECT_EQ(headers_of(request).at("Authorization"), "Basic " + encode_base64("6f-1:dose+/= &"));
  EXPECT_EQ(headers_of(request).at("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(form_of(request), (Form{{"grant_type", "client_credentials"}, {"scope", "all-apis"}}));
}

TEST(TokenRequest, ExchangesAProjectedTokenWithoutAnySecret) {
  const Form fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                    {"subject_token", "a.b.c"},
                    {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                    {"scope", "all-apis"}};
  const HttpRequest of_account = make_token_request(TokenExchange{"a.b.c", std::nullopt}, {});
  EXPECT_FALSE(headers_of(of_account).contains("Authorization"));
  EXPECT_EQ(form_of(of_account), fields);
  Form with_client = fields;
  with_client["client_id"] = "6f-1";
  EXPECT_EQ(form_of(make_token_request(TokenExchange{"a.b.c", "6f-1"}, {})), with_client);
}

TEST(TokenRequest, AsksZerobusForOneTable) {
  for (const Grant& grant : {kClient, Grant(TokenExchange{"a.b.c", "6f-1"})}) {
    const Form form = form_of(make_token_request(grant, kScope));
    EXPECT_EQ(form.at("scope"), "all-apis");
    EXPECT_EQ(form.at("resource"), "api://databricks/workspaces/123/zerobusDirectWriteApi");
    EXPECT_EQ(parse_json(form.at("authorization_details")).value(), parse_json(R"([
      {"type":"unity_catalog_privileges","privileges":["USE CATALOG"],
       "object_type":"CATALOG","object_full_path":"cat"},
      {"type":"unity_catalog_privileges","privileges":["USE SCHEMA"],
       "object_type":"SCHEMA","object_full_path":"cat.sch"},
      {"type":"unity_catalog_privileges","privileges":["SELECT","MODIFY"],
       "object_type":"TABLE","object_full_path":"cat.sch.tbl","operations":["zerobuswrite"]}
    ])")
                                                                        .value());
  }
}

TEST(TokenRequest, LeavesTheOperationsOut) {
  ZerobusScope scope = kScope;
  scope.operations_left_out = true;
  const Form form = form_of(make_token_request(kClient, scope));
  EXPECT_EQ(form.at("authorization_details").find("operations"), std::string::npos);
  EXPECT_NE(form.at("authorization_details").find("cat.sch.tbl"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent
