// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/databricks_rules.h"

#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

constexpr std::string_view kTableHeader = "x-databricks-uc-table-name";
constexpr std::string_view kZerobusTableHeader = "x-databricks-zerobus-table-name";

std::string_view error_code(int http_status) {
  switch (http_status) {
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 501:
      return "NOT_IMPLEMENTED";
    case 503:
      return "TEMPORARILY_UNAVAILABLE";
    default:
      return http_status < 500 ? "INVALID_PARAMETER_VALUE" : "INTERNAL_ERROR";
  }
}

Answer refused(std::string reason, int http_status, std::string message) {
  return refusal(std::move(reason), http_status, grpc_code_of_http(http_status),
                 std::move(message));
}

// Checks the lifetime of a token that the sandbox has issued, whatever its scope.
std::optional<Answer> judge_life(const Token& token, const Access& access, WallTime now) {
  if (token.revoked) return refused("unauthenticated", 401, "the token is revoked");
  if (now >= token.expires) return refused("expired", 401, "the token is expired");
  const auto margin = std::chrono::seconds(access.expiry_margin_seconds);
  if (now + margin >= token.expires)
    return refused(
        "expired", 403,
        "Token is expiring within " + std::to_string(access.expiry_margin_seconds) + " seconds");
  return std::nullopt;
}

std::optional<Answer> judge_body_headers(const Arrival& arrival, const Access& access) {
  if (arrival.header("content-type") != "application/x-protobuf")
    return refused("content_type", 415, "the content type is not application/x-protobuf");
  const std::string_view encoding = arrival.header("content-encoding");
  if (!encoding.empty() && encoding != "identity" && !access.databricks_gzip)
    return refused("content_encoding", 415, "the content encoding is not supported");
  return std::nullopt;
}

std::optional<Answer> judge_table(const std::string& table, const std::string& header,
                                  const Access& access) {
  if (!is_three_part_name(table))
    return refused("table_header", 400,
                   "the header " + header + " does not name catalog.schema.table");
  if (access.databricks_tables && !access.databricks_tables->contains(table))
    return refused("table_not_found", 404, "Table \"" + table + "\" cannot be found.");
  return std::nullopt;
}

}  // namespace

std::optional<Answer> judge_workspace_token(const std::string& token, const Access& access,
                                            const Bearer& bearer) {
  if (token.empty()) return refused("unauthenticated", 401, "no bearer token was sent");
  if (!bearer.minted) {
    if (access.allows_static_token(token)) return std::nullopt;
    return refused("unauthenticated", 401, "the token is not valid");
  }
  if (auto ended = judge_life(*bearer.minted, access, bearer.now)) return ended;
  if (bearer.minted->grant.zerobus)
    return refused("token_scope", 403, "the token is for Zerobus, not for this API");
  return std::nullopt;
}

HeaderVerdict judge_databricks_headers(const Arrival& arrival, const Access& access,
                                       const Bearer& bearer) {
  const std::string token = bearer_token(arrival.header("authorization")).value_or("");
  if (auto answer = judge_workspace_token(token, access, bearer)) return {.refusal = answer};
  if (auto answer = judge_body_headers(arrival, access)) return {.refusal = answer};
  const std::string table(arrival.header(kTableHeader));
  if (auto answer = judge_table(table, "X-Databricks-UC-Table-Name", access))
    return {.refusal = answer};
  const auto* const grant = bearer.minted ? &bearer.minted->grant : nullptr;
  if (grant != nullptr && grant->allowed && !grant->allowed->contains(table))
    return {.refusal = refused("permission", 403,
                               "the principal lacks MODIFY and SELECT on table " + table)};
  return {.table_name = table};
}

HeaderVerdict judge_zerobus_headers(const Arrival& arrival, const Access& access,
                                    const Bearer& bearer) {
  if (!bearer_token(arrival.header("authorization")))
    return {.refusal = refused("unauthenticated", 401, "no bearer token was sent")};
  if (!bearer.minted) return {.refusal = refused("unauthenticated", 401, "the token is not valid")};
  if (auto answer = judge_life(*bearer.minted, access, bearer.now)) return {.refusal = answer};
  const Grant& grant = bearer.minted->grant;
  if (!grant.has_details)
    return {.refusal = refused("token_scope", 403,
                               "Missing authorization details in access token claims")};
  if (auto answer = judge_body_headers(arrival, access)) return {.refusal = answer};
  const std::string table(arrival.header(kZerobusTableHeader));
  if (auto answer = judge_table(table, std::string(kZerobusTableHeader), access))
    return {.refusal = answer};
  if (!grant.tables.contains(table))
    return {.refusal = refused("token_scope", 403, "the token does not cover table " + table)};
  if (access.databricks_tables && access.databricks_tables->at(table) != "v2")
    return {.refusal = refused("table_version", 400,
                               "Schema validation failed: table " + table +
                                   " has otel.schemaVersion v1; v2 is needed")};
  return {.table_name = table};
}

std::string databricks_error_body(const Answer& answer) {
  return nlohmann::json{{"error_code", error_code(answer.http_status)}, {"message", answer.message}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace dualtrace::sandbox
