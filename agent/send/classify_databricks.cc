// SPDX-License-Identifier: Apache-2.0
// Databricks over HTTP: its errors are {"error_code", "message"}. The words below come from
// published answers. Databricks' documentation says never to parse a message, so each match only
// pauses or retries: if a match fails, no data is lost either.

#include "agent/send/classify.h"
#include "agent/send/http_statuses.h"
#include "agent/send/outcomes.h"

namespace dualtrace::agent {
namespace {

std::optional<Outcome> credential_trouble(const HttpRefusal& refusal, const std::string& text) {
  if (is_one_of(refusal.error.code, {"PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"})) {
    return pause(PauseReason::kPermissionDenied, refusal.message);
  }
  if (is_one_of(refusal.error.code, {"UNAUTHENTICATED", "INVALID_TOKEN", "TOKEN_EXPIRED"}) ||
      mentions(text, {"missing authorization details"}) || speaks_of_credentials(text)) {
    return pause(PauseReason::kAuthRejected, refusal.message);
  }
  return std::nullopt;
}

// A busy or broken workspace, which may also answer 400.
std::optional<Outcome> passing_trouble(const HttpRefusal& refusal, const std::string& text) {
  if (is_one_of(refusal.error.code, {"REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED",
                                     "QUOTA_EXCEEDED", "RESOURCE_LIMIT_EXCEEDED"}) ||
      mentions(text, {"rate limit", "too many requests"})) {
    return retry("Throttled", refusal.message, refusal.retry_after);
  }
  if (is_one_of(refusal.error.code,
                {"TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "ABORTED", "DEADLINE_EXCEEDED",
                 "CANCELLED", "UNAVAILABLE", "TIMEOUT", "WORKSPACE_TEMPORARILY_UNAVAILABLE"}) ||
      mentions(text, {"temporarily unavailable", "please retry", "retry later", "try again"}) ||
      (!speaks_of_data(refusal.error) && mentions(text, {"temporarily", "retry"}))) {
    return retry("ServerError", refusal.message, refusal.retry_after);
  }
  return std::nullopt;
}

std::optional<Outcome> table_trouble(const HttpRefusal& refusal, const std::string& text) {
  if (mentions(text, {"table kind", "error code: 4024", "default storage"})) {
    return pause(PauseReason::kTableUnsupported, refusal.message);
  }
  if (mentions(text, {"cannot be found", "not_found", "does_not_exist", "does not exist"})) {
    return pause(PauseReason::kTableMissing, refusal.message);
  }
  if (mentions(text, {"schema validation", "schema mismatch", "table schema"})) {
    return pause(PauseReason::kSchemaMismatch, refusal.message);
  }
  return std::nullopt;
}

// "OpenTelemetry is not enabled for this workspace".
std::optional<Outcome> feature_trouble(const HttpRefusal& refusal, const std::string& text) {
  if (is_one_of(refusal.error.code, {"FEATURE_DISABLED", "NOT_IMPLEMENTED", "INVALID_STATE",
                                     "ENDPOINT_NOT_FOUND", "BILLING_REQUIRED"}) ||
      mentions(text, {"not enabled", "is disabled", "has been disabled", "this workspace",
                      "not available in", "not supported in", "the workspace"}) ||
      (!speaks_of_data(refusal.error) && mentions(text, {"feature", "preview", "region"}))) {
    return pause(PauseReason::kNotEnabled, refusal.message);
  }
  return std::nullopt;
}

Outcome bad_request(const HttpRefusal& refusal) {
  if (refusal.error.web_page) return refuse_foreign(refusal.message);
  const std::string text = refusal.error.code + ": " + refusal.error.message;
  for (const auto& trouble :
       {credential_trouble, passing_trouble, table_trouble, feature_trouble}) {
    if (auto outcome = trouble(refusal, text)) return *std::move(outcome);
  }
  const bool own = refusal.error.form == ErrorForm::kDatabricks;
  const bool of_data = speaks_of_data(refusal.error);
  if ((own || of_data) && speaks_of_size(text)) return split(refusal.message);
  if (of_data) return refuse_data(LossReason::kInvalidData, refusal.message);
  return refuse_foreign(refusal.message);
}

Outcome not_found(const HttpRefusal& refusal) {
  const ServerError& error = refusal.error;
  const std::string text = error.code + ": " + error.message;
  const bool of_table = error.form == ErrorForm::kDatabricks &&
                        !mentions(text, {"endpoint_not_found", "no api found"});
  return pause(of_table ? PauseReason::kTableMissing : PauseReason::kMisconfigured,
               refusal.message);
}

}  // namespace

Outcome classify_databricks_http(const HttpResponse& response, uint64_t spans, WallTime now) {
  if (response.status >= 200 && response.status < 300) return classify_success(response, spans);
  const HttpRefusal refusal = read_refusal(response, now);
  if (auto outcome = classify_status(refusal)) return *std::move(outcome);
  if (refusal.status == 404) return not_found(refusal);
  if (refusal.status >= 500) return retry("ServerError", refusal.message, refusal.retry_after);
  return bad_request(refusal);
}

}  // namespace dualtrace::agent
