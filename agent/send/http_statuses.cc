// SPDX-License-Identifier: Apache-2.0
#include "agent/send/http_statuses.h"

#include "agent/send/outcomes.h"

namespace dualtrace::agent {

HttpRefusal read_refusal(const HttpResponse& response, WallTime now) {
  HttpRefusal refusal{.status = response.status, .error = parse_server_error(response)};
  const ServerError& error = refusal.error;
  std::string message = "HTTP " + std::to_string(response.status);
  if (!error.code.empty()) message += " " + error.code;
  if (!error.message.empty()) message += ": " + error.message;
  refusal.message = clean_text(message);
  refusal.retry_after = parse_retry_after(response.header("retry-after"), now);
  return refusal;
}

Outcome classify_success(const HttpResponse& response, uint64_t spans) {
  const std::string status = "HTTP " + std::to_string(response.status);
  if (response.cut) return answer_too_large(status + " with an answer that is too large");
  auto success = parse_success(response);
  if (success) return accepted(*std::move(success), spans);
  const ServerError error = parse_server_error(response);
  return foreign_success(status + ", but not an OTLP answer: " +
                         (error.message.empty() ? "unreadable" : error.message));
}

std::optional<Outcome> classify_status(const HttpRefusal& refusal) {
  const std::string& message = refusal.message;
  switch (refusal.status) {
    case 400:
    case 404:
    case 422:
      return std::nullopt;
    case 401:
      return pause(PauseReason::kAuthRejected, message);
    case 402:
      return retry("QuotaExceeded", message, refusal.retry_after);
    case 403:
      return pause(speaks_of_credentials(message) ? PauseReason::kAuthRejected
                                                  : PauseReason::kPermissionDenied,
                   message);
    case 405:
    case 407:  // the proxy requires authentication
    case 415:
    case 501:
      return pause(PauseReason::kMisconfigured, message);
    case 408:
    case 425:
      return retry("Timeout", message, refusal.retry_after);
    case 413:
      return split(message);
    case 429:
      return retry("Throttled", message, refusal.retry_after);
    case 502:
    case 503:
    case 504:
      return retry("ServerError", message, refusal.retry_after);
    default:
      break;
  }
  if (refusal.status >= 300 && refusal.status < 400)
    return pause(PauseReason::kMisconfigured, message);
  if (refusal.status >= 500) return std::nullopt;
  if (refusal.status < 400) return retry("ServerError", message, refusal.retry_after);
  // 409, 421, 426, 431, …: OTLP does not define them, so no OTLP server sends them.
  if (speaks_of_credentials(message)) return pause(PauseReason::kAuthRejected, message);
  return refuse_foreign(message);
}

}  // namespace dualtrace::agent
