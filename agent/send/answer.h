// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads a destination's answer: error bodies in three forms, delay hints, and the OTLP success
// message. Only the classifiers interpret it. An answer also shows who wrote it: a proxy's page or
// a gateway's text does not come from the destination, whatever its status. Nothing read here is
// trusted: texts are shortened and sanitized, numbers are clamped.
// Texts in an answer never contain its `secrets`.
// Pure. Thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/http_response.h"
#include "common/net/retry_after.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// At most 512 bytes of a text that we wrote, fit for a message.
[[nodiscard]] std::string clean_text(std::string_view text);
// The same of a text that the other side wrote, without the secrets.
[[nodiscard]] std::string clean_text(std::string_view text,
                                     const std::vector<std::string>& secrets);

// The delay that a server requests, at most an hour, from a serialized google.rpc.Status that has a
// RetryInfo in its details. retry_after.h reads the header.
[[nodiscard]] std::optional<Duration> parse_retry_info(std::string_view status);

enum class ErrorForm {
  kForeign,     // a web page, plain text, other JSON, nothing: may come from an intermediary
  kStatus,      // google.rpc.Status, as OTLP requires: protobuf, or JSON with "code" and "message"
  kDatabricks,  // {"error_code": "…", "message": "…"}
};

struct ServerError {
  ErrorForm form = ErrorForm::kForeign;
  int status_code = 0;    // kStatus: 3 is INVALID_ARGUMENT; 0 if it has none, which OTLP allows
  std::string code{};     // error_code: "INVALID_PARAMETER_VALUE", "400"; sanitized, or ""
  std::string message{};  // sanitized; of a foreign body, its readable text
  bool web_page = false;  // the message is ours, in place of the HTML
};
[[nodiscard]] ServerError parse_server_error(const HttpResponse& response);

// By the content type, or by the first tag after a byte order mark, an XML declaration and
// comments.
[[nodiscard]] bool is_web_page(const HttpResponse& response);

struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;  // sanitized
};
// Reads a serialized ExportTraceServiceResponse. None if it is not one: readable text, or a message
// with fields of other types or only unknown ones (such as google.rpc.Status).
[[nodiscard]] std::optional<PartialSuccess> parse_export_response(
    std::string_view protobuf, const std::vector<std::string>& secrets);
// Reads a 2xx answer. An empty body means success with any content type. Otherwise it must be an
// export response in protobuf or JSON, as declared or, without a content type, as detected.
// JSON is an export response if it is {} or has "partialSuccess".
[[nodiscard]] std::optional<PartialSuccess> parse_success(const HttpResponse& response);

}  // namespace dualtrace::agent
