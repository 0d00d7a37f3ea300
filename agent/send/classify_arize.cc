// SPDX-License-Identifier: Apache-2.0
// Arize over gRPC and over HTTP: both speak google.rpc.Status.

#include <charconv>

#include "agent/send/classify.h"
#include "agent/send/http_statuses.h"
#include "agent/send/outcomes.h"
#include "common/net/http_proxy.h"

namespace dualtrace::agent {
namespace {

// gRPC's status codes by their names in its specification.
enum Grpc {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

bool is_missing_project(std::string_view message) {
  return mentions(message, {"external_model_id is required"});
}
// Arize wraps the refusal of a span without a project in an answer that looks like a server error:
// "rpc error: code = InvalidArgument desc = external_model_id is required".
bool is_wrapped_refusal(std::string_view message) {
  return mentions(message, {"code = invalidargument", "code = invalid_argument"}) ||
         is_missing_project(message);
}
// Matches "space does not exist", but not "namespace does not exist".
bool names_the_space(std::string_view message) {
  const std::string words = " " + std::string(message);
  return mentions(words, {" space does not exist", " space not found", " space id", " space_id",
                          " unknown space", " invalid space", " no such space"});
}

// The destination refuses data in its own form, or refuses the sender in the same form.
Outcome refused_by_arize(std::string message) {
  if (is_missing_project(message))
    return refuse_data(LossReason::kMissingProject, std::move(message));
  if (speaks_of_credentials(message) || names_the_space(message)) {
    return pause(PauseReason::kAuthRejected, std::move(message));
  }
  if (speaks_of_size(message)) return split(std::move(message));
  return refuse_data(LossReason::kInvalidData, std::move(message));
}

Outcome server_error(std::string message, std::optional<Duration> after) {
  if (is_wrapped_refusal(message)) return refused_by_arize(std::move(message));
  return retry("ServerError", std::move(message), after);
}

Outcome resource_exhausted(std::string message, std::optional<Duration> after) {
  if (after) return retry("Throttled", std::move(message), after);
  if (speaks_of_size(message)) return split(std::move(message));
  // Arize's monthly quota answers like this. It lasts, and the data is not at fault.
  return retry("QuotaExceeded", std::move(message));
}

int leading_number(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Recognizes gRPC's message for an HTTP answer that is not gRPC, from a proxy with its own status.
// None if the gRPC code is enough.
std::optional<Outcome> classify_http_behind(const GrpcAnswer& answer, std::string& message) {
  constexpr std::string_view kWords = "eceived http2 header with status: ";
  const size_t at = answer.message.find(kWords);
  if (at == std::string::npos) return std::nullopt;
  const int status = leading_number(std::string_view(answer.message).substr(at + kWords.size()));
  if (status == 404) return pause(PauseReason::kMisconfigured, std::move(message));
  if (status == 400 || status == 422) return refuse_foreign(std::move(message));
  return classify_status({.status = status, .error = {}, .message = message});
}

// Recognizes gRPC's message for a proxy's answer to CONNECT.
Outcome unavailable(std::string message, std::optional<Duration> after) {
  constexpr std::string_view kWords = "HTTP proxy returned response code ";
  const size_t at = message.find(kWords);
  if (at == std::string::npos) return retry("Unreachable", std::move(message), after);
  const int status = leading_number(std::string_view(message).substr(at + kWords.size()));
  if (status != 403 && !wants_proxy_auth(status)) {
    return retry("Unreachable", std::move(message), after);
  }
  if (wants_proxy_auth(status)) message += kProxyAuthAdvice;
  return pause(PauseReason::kMisconfigured, std::move(message));
}

Outcome deadline_exceeded(const GrpcAnswer& answer, std::string message,
                          std::optional<Duration> after) {
  if (answer.unsent) return retry("Unreachable", "no connection in time: " + std::move(message));
  // Our deadline and the server's cannot be distinguished; both have the same length.
  Outcome outcome = retry("Timeout", std::move(message), after);
  outcome.timed_out = true;
  return outcome;
}

}  // namespace

Outcome classify_arize_grpc(const GrpcAnswer& answer, uint64_t spans) {
  std::string message = clean_text(answer.message, answer.secrets);
  if (answer.ours) return answer_too_large(std::move(message));
  if (answer.code == kOk) {
    auto success = parse_export_response(answer.body, answer.secrets);
    if (success) return accepted(*std::move(success), spans);
    return foreign_success("gRPC OK, but the message is not an export response");
  }
  if (auto outcome = classify_http_behind(answer, message)) return *std::move(outcome);
  const auto after = parse_retry_info(answer.details);
  switch (answer.code) {
    case kInvalidArgument:
      return refused_by_arize(std::move(message));
    case kAlreadyExists:
    case kFailedPrecondition:
      if (speaks_of_credentials(message))
        return pause(PauseReason::kAuthRejected, std::move(message));
      return refuse_foreign(std::move(message));
    case kNotFound:
    case kUnimplemented:
      return pause(PauseReason::kMisconfigured, std::move(message));
    case kPermissionDenied:
      return pause(PauseReason::kPermissionDenied, std::move(message));
    case kUnauthenticated:
      return pause(PauseReason::kAuthRejected, std::move(message));
    case kResourceExhausted:
      return resource_exhausted(std::move(message), after);
    case kDeadlineExceeded:
      return deadline_exceeded(answer, std::move(message), after);
    case kUnavailable:
      return unavailable(std::move(message), after);
    case kOutOfRange:
      if (!after && speaks_of_size(message)) return split(std::move(message));
      return retry("ServerError", std::move(message), after);
    case kCancelled:
    case kAborted:
    case kDataLoss:
      return retry("ServerError", std::move(message), after);
    case kUnknown:
    case kInternal:
    default:
      return server_error(std::move(message), after);
  }
}

Outcome classify_arize_http(const HttpResponse& response, uint64_t spans, WallTime now) {
  if (response.status >= 200 && response.status < 300) return classify_success(response, spans);
  HttpRefusal refusal = read_refusal(response, now);
  if (auto outcome = classify_status(refusal)) return *std::move(outcome);
  std::string message = std::move(refusal.message);
  if (refusal.status == 404) return pause(PauseReason::kMisconfigured, std::move(message));
  if (refusal.status >= 500) {
    if (refusal.error.web_page)
      return retry("ServerError", std::move(message), refusal.retry_after);
    return server_error(std::move(message), refusal.retry_after);
  }
  const bool own =
      speaks_of_data(refusal.error) || (!refusal.error.web_page && is_wrapped_refusal(message));
  if (own) return refused_by_arize(std::move(message));
  if (speaks_of_credentials(message)) return pause(PauseReason::kAuthRejected, std::move(message));
  return refuse_foreign(std::move(message));
}

}  // namespace dualtrace::agent
