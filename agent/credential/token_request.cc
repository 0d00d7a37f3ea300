// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/token_request.h"

#include <array>
#include <variant>

#include "common/bytes/base64.h"
#include "common/json/json.h"

namespace dualtrace::agent {
namespace {

std::string form_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

class Form {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!text_.empty()) text_ += '&';
    text_ += std::string(name) + "=" + form_encoded(value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

Json privileges(std::string_view type, std::string_view name, Json wanted) {
  return {{"type", "unity_catalog_privileges"},
          {"privileges", std::move(wanted)},
          {"object_type", type},
          {"object_full_path", name}};
}

std::string authorization_details(const ZerobusScope& scope) {
  const std::string_view table = scope.table;
  const size_t catalog_end = table.find('.');
  const size_t schema_end = table.rfind('.');
  Json of_table = privileges("TABLE", table, {"SELECT", "MODIFY"});
  if (!scope.operations_left_out) of_table["operations"] = Json::array({"zerobuswrite"});
  return to_text(Json::array(
      {privileges("CATALOG", table.substr(0, catalog_end), Json::array({"USE CATALOG"})),
       privileges("SCHEMA", table.substr(0, schema_end), Json::array({"USE SCHEMA"})),
       std::move(of_table)}));
}

void add_grant(const ClientCredentials& client, HttpRequest& request, Form& form) {
  request.headers.emplace_back("Authorization",
                               "Basic " + encode_base64(client.id + ":" + client.secret));
  form.add("grant_type", "client_credentials");
}

void add_grant(const TokenExchange& exchange, HttpRequest& /*request*/, Form& form) {
  form.add("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange");
  form.add("subject_token", exchange.subject_token);
  form.add("subject_token_type", "urn:ietf:params:oauth:token-type:jwt");
  if (exchange.client_id) form.add("client_id", *exchange.client_id);
}

}  // namespace

HttpRequest make_token_request(const Grant& grant, const std::optional<ZerobusScope>& scope) {
  HttpRequest request{.path = std::string(kTokenPath)};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"}};
  Form form;
  std::visit([&](const auto& kind) { add_grant(kind, request, form); }, grant);
  form.add("scope", "all-apis");
  if (scope) {
    form.add("resource",
             "api://databricks/workspaces/" + scope->workspace_id + "/zerobusDirectWriteApi");
    form.add("authorization_details", authorization_details(*scope));
  }
  request.body = SharedBytes(form.take());
  return request;
}

}  // namespace dualtrace::agent
