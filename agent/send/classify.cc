#include "agent/send/classify.h"

#include <algorithm>
#include <initializer_list>

#include "agent/send/answer.h"

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

bool mentions(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

Outcome outcome(OutcomeKind kind, std::string reason, std::string&& message) {
  return {.kind = kind, .reason = std::move(reason), .message = std::move(message)};
}
Outcome retry(std::string reason, std::string&& message, std::optional<Duration> after = {}) {
  Outcome result = outcome(OutcomeKind::kRetry, std::move(reason), std::move(message));
  result.retry_after = after;
  return result;
}
Outcome split(std::string&& message) {
  return outcome(OutcomeKind::kSplit, "TooLarge", std::move(message));
}
Outcome pause(std::string reason, std::string&& message) {
  return outcome(OutcomeKind::kPause, std::move(reason), std::move(message));
}
Outcome refuse(std::string reason, std::string&& message) {
  return outcome(OutcomeKind::kRefuse, std::move(reason), std::move(message));
}

Outcome accepted(PartialSuccess partial, uint64_t spans) {
  Outcome result{.message = std::move(partial.message)};
  result.rejected = std::min(partial.rejected, spans);
  if (result.rejected > 0) {
    result.kind = OutcomeKind::kPartly;
    result.reason = "Rejected";
  }
  return result;
}

// Arize wraps the refusal of a span without a project in an answer that blames the server.
bool is_missing_project(std::string_view message) {
  return mentions(message, {"external_model_id is required"});
}
bool is_wrapped_refusal(std::string_view message) {
  return mentions(message, {"invalidargument", "invalid_argument"});
}
Outcome arize_server_error(std::string message, std::optional<Duration> after) {
  if (is_missing_project(message)) return refuse("MissingProject", std::move(message));
  if (is_wrapped_refusal(message)) return refuse("InvalidData", std::move(message));
  return retry("ServerError", std::move(message), after);
}

Outcome databricks_bad_request(ServerError error) {
  const std::string text = error.code + ": " + error.message;
  if (mentions(text, {"missing authorization details"})) {
    return pause("AuthRejected", std::move(error.message));
  }
  if (mentions(text, {"table kind", "error code: 4024", "default storage"})) {
    return pause("TableUnsupported", std::move(error.message));
  }
  if (mentions(text, {"cannot be found", "not_found", "does_not_exist", "does not exist"})) {
    return pause("TableMissing", std::move(error.message));
  }
  if (mentions(text, {"schema validation", "schema mismatch", "table schema"})) {
    return pause("SchemaMismatch", std::move(error.message));
  }
  return refuse("InvalidData", std::move(error.message));
}

Outcome databricks_not_found(ServerError error) {
  const bool no_such_path =
      mentions(error.code + ": " + error.message, {"endpoint_not_found", "no api found"});
  return pause(no_such_path ? "Misconfigured" : "TableMissing", std::move(error.message));
}

enum class Destination { kArize, kDatabricks };

Outcome classify_http(Destination destination, const HttpResponse& response, uint64_t spans,
                      WallTime now) {
  const int status = response.status;
  const bool databricks = destination == Destination::kDatabricks;
  if (status >= 200 && status < 300) {
    if (is_html(response)) return pause("Misconfigured", "answered by a web page, not by OTLP");
    return accepted(parse_partial_success(response), spans);
  }
  ServerError error = parse_server_error(response);
  error.message = "HTTP " + std::to_string(status) +
                  (error.message.empty() ? "" : ": " + std::move(error.message));
  error.message = clean_text(error.message);
  const auto after = parse_retry_after(response.header("retry-after"), now);
  switch (status) {
    case 400:
      return databricks
                 ? databricks_bad_request(std::move(error))
                 : refuse(is_missing_project(error.message) ? "MissingProject" : "InvalidData",
                          std::move(error.message));
    case 401:
      return pause("AuthRejected", std::move(error.message));
    case 402:
      return retry("QuotaExceeded", std::move(error.message), after);
    case 403:
      return pause("PermissionDenied", std::move(error.message));
    case 404:
      return databricks ? databricks_not_found(std::move(error))
                        : pause("Misconfigured", std::move(error.message));
    case 405:
    case 407:  // the proxy wants a password
    case 415:
    case 501:
      return pause("Misconfigured", std::move(error.message));
    case 408:
      return retry("Timeout", std::move(error.message), after);
    case 413:
      return split(std::move(error.message));
    case 429:
      return retry("Throttled", std::move(error.message), after);
    case 502:
    case 503:
    case 504:
      return retry("ServerError", std::move(error.message), after);
    default:
      break;
  }
  if (status >= 300 && status < 400) return pause("Misconfigured", std::move(error.message));
  if (status >= 400 && status < 500) return refuse("InvalidData", std::move(error.message));
  return databricks ? retry("ServerError", std::move(error.message), after)
                    : arize_server_error(std::move(error.message), after);
}

Outcome resource_exhausted(std::string message, std::optional<Duration> after) {
  if (after) return retry("Throttled", std::move(message), after);
  if (mentions(message, {"larger than max", "too large", "message size"})) {
    return split(std::move(message));
  }
  // Arize's monthly quota looks like this, it lasts, and it is no fault of the data.
  return retry("QuotaExceeded", std::move(message));
}

}  // namespace

Outcome classify_arize_grpc(const GrpcAnswer& answer, uint64_t spans) {
  if (answer.code == kOk) return accepted(parse_partial_success(answer.body), spans);
  const auto after = parse_retry_info(answer.details);
  std::string message = clean_text(answer.message);
  switch (answer.code) {
    case kInvalidArgument:
      return refuse(is_missing_project(message) ? "MissingProject" : "InvalidData",
                    std::move(message));
    case kAlreadyExists:
    case kFailedPrecondition:
      return refuse("InvalidData", std::move(message));
    case kNotFound:
    case kUnimplemented:
      return pause("Misconfigured", std::move(message));
    case kPermissionDenied:
      return pause("PermissionDenied", std::move(message));
    case kUnauthenticated:
      return pause("AuthRejected", std::move(message));
    case kResourceExhausted:
      return resource_exhausted(std::move(message), after);
    case kDeadlineExceeded:
      return retry("Timeout", std::move(message), after);
    case kUnavailable:
      return retry("Unreachable", std::move(message), after);
    case kCancelled:
    case kAborted:
    case kOutOfRange:
    case kDataLoss:
      return retry("ServerError", std::move(message), after);
    default:
      // gRPC's words for an HTTP redirect, which is some login page and not a gRPC server.
      if (mentions(message, {"received http2 header with status: 3"})) {
        return pause("Misconfigured", std::move(message));
      }
      return arize_server_error(std::move(message), after);
  }
}

Outcome classify_arize_http(const HttpResponse& response, uint64_t spans, WallTime now) {
  return classify_http(Destination::kArize, response, spans, now);
}

Outcome classify_databricks_http(const HttpResponse& response, uint64_t spans, WallTime now) {
  return classify_http(Destination::kDatabricks, response, spans, now);
}

Outcome classify_transport(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kCancelled:
      return retry("Timeout", clean_text(error.message));
    case ErrorKind::kInvalid:
      return pause("Misconfigured", clean_text(error.message));
    default:
      return retry("Unreachable", clean_text(error.message), error.retry_after);
  }
}

Outcome classify_missing_credential(const Error& error) {
  return pause("CredentialMissing", clean_text(error.message));
}

bool refuses_credential(const Outcome& result) {
  return result.kind == OutcomeKind::kPause &&
         (result.reason == "AuthRejected" || result.reason == "PermissionDenied");
}

}  // namespace dualtrace::agent
