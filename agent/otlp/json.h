// SPDX-License-Identifier: Apache-2.0
#pragma once
// Converts OTLP/JSON to OTLP/protobuf: hex ids, enums as integers, 64-bit integers as numbers or
// strings, unknown fields ignored. Accepts more than the specification requires: full names of
// enums, snake_case keys, and spans as written by clients before 2022. One pass reads the text,
// checks it and writes the wire format, without building a document (docs/decisions/0029).
// Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding". Pure, fuzzed.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

// The most memory that conversion needs in addition to the text, per byte of text: that of the
// result, which is never larger than the text.
inline constexpr size_t kJsonMemoryFactor = 1;

// Reads the text in place, which changes it. kInvalid names the fault and its place: "json:
// resourceSpans[0].scopeSpans[0].spans[1].traceId: not 32 hex digits", with the offset for a syntax
// error. The capacity of the result is the size of the text.
Result<std::string> protobuf_from_json(std::string json);

}  // namespace dualtrace::agent
