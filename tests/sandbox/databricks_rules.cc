#include "tests/sandbox/databricks_rules.h"

#include <nlohmann/json.hpp>

namespace dualtrace::sandbox {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kTableHeader = "x-databricks-uc-table-name";

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

HeaderVerdict refused(std::string reason, int http_status, std::string message) {
  return {.refusal = refusal(std::move(reason), http_status, grpc_code_of_http(http_status),
                             std::move(message))};
}

}  // namespace

HeaderVerdict judge_databricks_headers(const Arrival& arrival, const Access& access) {
  const std::string_view authorization = arrival.header("authorization");
  if (!authorization.starts_with(kBearer) || authorization.size() == kBearer.size())
    return refused("unauthenticated", 401, "no bearer token was sent");
  const std::string token(authorization.substr(kBearer.size()));
  if (access.databricks_tokens && !access.databricks_tokens->contains(token))
    return refused("unauthenticated", 401, "the token is not valid");
  if (arrival.header("content-type") != "application/x-protobuf")
    return refused("content_type", 415, "the content type is not application/x-protobuf");
  const std::string_view encoding = arrival.header("content-encoding");
  if (!encoding.empty() && encoding != "identity" && !access.databricks_gzip)
    return refused("content_encoding", 415, "the content encoding is not supported");
  const std::string table(arrival.header(kTableHeader));
  if (!is_three_part_name(table))
    return refused("table_header", 400,
                   "the header X-Databricks-UC-Table-Name does not name catalog.schema.table");
  if (access.databricks_tables && !access.databricks_tables->contains(table))
    return refused("table_not_found", 404, "Table \"" + table + "\" cannot be found.");
  return {.table_name = table};
}

std::string databricks_error_body(const Answer& answer) {
  return nlohmann::json{{"error_code", error_code(answer.http_status)}, {"message", answer.message}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace dualtrace::sandbox
