#pragma once
// Reading what a destination answered, leniently: error bodies in three formats, delay hints, the
// OTLP success message. For classify.cc, which alone decides what it means. Nothing read here is
// trusted: texts are cut and cleaned, numbers are clamped. Pure. Thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/http_client.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// At most 512 bytes, control characters replaced, UTF-8 not cut in half.
[[nodiscard]] std::string clean_text(std::string_view text);

// The delay that a server asks for, at most an hour; none if there is none or it makes no sense.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view header, WallTime now);
// From a serialised google.rpc.Status with a RetryInfo among its details.
[[nodiscard]] std::optional<Duration> parse_retry_info(std::string_view status);

struct ServerError {
  std::string code;     // "INVALID_PARAMETER_VALUE", or ""
  std::string message;  // clean
};
// {"error_code","message"}, google.rpc.Status as JSON or protobuf, or else the text as it is.
[[nodiscard]] ServerError parse_server_error(const HttpResponse& response);

[[nodiscard]] bool is_html(const HttpResponse& response);

struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;  // clean
};
// Of an ExportTraceServiceResponse; all zero when it has none or cannot be parsed.
[[nodiscard]] PartialSuccess parse_partial_success(std::string_view protobuf);
[[nodiscard]] PartialSuccess parse_partial_success(const HttpResponse& response);

}  // namespace dualtrace::agent
