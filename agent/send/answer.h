// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading what a destination answered: error bodies in three forms, delay hints, the OTLP success
// message. For the classifiers, which alone decide what it means. Who speaks is part of what is
// read: a proxy's page or a gateway's text is not a destination's word, whatever the status above
// it. Nothing read here is trusted: texts are cut and cleaned, numbers are clamped.
// Pure. Thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/net/http_response.h"
#include "common/net/retry_after.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// At most 512 bytes, control characters replaced, UTF-8 not cut in half.
[[nodiscard]] std::string clean_text(std::string_view text);

// The delay that a server asks for, at most an hour, from a serialised google.rpc.Status with a
// RetryInfo among its details. retry_after.h reads the header.
[[nodiscard]] std::optional<Duration> parse_retry_info(std::string_view status);

enum class ErrorForm {
  kForeign,     // a web page, plain text, other JSON, nothing: whoever stands between may say so
  kStatus,      // google.rpc.Status, as OTLP wants it: protobuf, or JSON with "code" and "message"
  kDatabricks,  // {"error_code": "…", "message": "…"}
};

struct ServerError {
  ErrorForm form = ErrorForm::kForeign;
  int status_code = 0;    // kStatus: 3 is INVALID_ARGUMENT; 0 when it has none, as OTLP allows
  std::string code{};     // error_code: "INVALID_PARAMETER_VALUE", "400"; clean, or ""
  std::string message{};  // clean; of a foreign body what people can read
  bool web_page = false;  // the message is ours, as nobody wants to read HTML
};
[[nodiscard]] ServerError parse_server_error(const HttpResponse& response);

// By its content type, or by how it begins once a byte order mark, an XML declaration and comments
// are skipped.
[[nodiscard]] bool is_web_page(const HttpResponse& response);

struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;  // clean
};
// Of a serialised ExportTraceServiceResponse. None when it is not one: what is readable text, or
// has fields of other types or only unknown ones (a google.rpc.Status does), is somebody else's.
[[nodiscard]] std::optional<PartialSuccess> parse_export_response(std::string_view protobuf);
// Of an answer with 2xx. An empty body says success under any content type; else it has to be an
// export response in protobuf or JSON, as declared or, when nothing is declared, as it looks.
// JSON is one when it is {} or has "partialSuccess".
[[nodiscard]] std::optional<PartialSuccess> parse_success(const HttpResponse& response);

}  // namespace dualtrace::agent
