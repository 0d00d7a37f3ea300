// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sandbox/tokens.h"

#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/bytes/base64.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_') {
      encoded.push_back(c);
    } else {
      char escape[4];
      std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned>(c) & 0xffU);
      encoded += escape;
    }
  }
  return encoded;
}

json details_entry(const char* type, const std::string& path, json privileges) {
  return {{"type", "unity_catalog_privileges"},
          {"object_type", type},
          {"object_full_path", path},
          {"privileges", std::move(privileges)}};
}

}  // namespace

std::string form_body(const Fields& fields) {
  std::string body;
  for (const auto& [name, value] : fields)
    body += (body.empty() ? "" : "&") + name + "=" + percent_encoded(value);
  return body;
}

Fields plain_form() { return {{"grant_type", "client_credentials"}, {"scope", "all-apis"}}; }

Fields zerobus_form(const std::string& table, const std::string& workspace_id) {
  const std::string schema = table.substr(0, table.rfind('.'));
  json of_table = details_entry("TABLE", table, {"SELECT", "MODIFY"});
  of_table["operations"] = {"zerobuswrite"};
  const json details{
      details_entry("CATALOG", schema.substr(0, schema.find('.')), json::array({"USE CATALOG"})),
      details_entry("SCHEMA", schema, json::array({"USE SCHEMA"})), of_table};
  Fields fields = plain_form();
  fields.emplace_back("resource",
                      "api://databricks/workspaces/" + workspace_id + "/zerobusDirectWriteApi");
  fields.emplace_back("authorization_details", details.dump());
  return fields;
}

Fields exchange_form(const std::string& subject_token, const std::string& client_id) {
  Fields fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                {"scope", "all-apis"},
                {"subject_token", subject_token},
                {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"}};
  if (!client_id.empty()) fields.emplace_back("client_id", client_id);
  return fields;
}

HttpServerRequest form_request(const Fields& fields) {
  return {.method = "POST",
          .path = "/oidc/v1/token",
          .query = "",
          .headers = {{"content-type", "application/x-www-form-urlencoded"}},
          .body = form_body(fields)};
}

HttpServerRequest client_request(const std::string& client_id, const std::string& secret,
                                 const Fields& fields) {
  HttpServerRequest request = form_request(fields);
  request.headers.emplace(request.headers.begin(), "authorization",
                          "Basic " + encode_base64(client_id + ":" + secret));
  return request;
}

HttpServerRequest exchange_request(const std::string& subject_token, const std::string& client_id) {
  return form_request(exchange_form(subject_token, client_id));
}

}  // namespace dualtrace::sandbox
