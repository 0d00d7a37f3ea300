// SPDX-License-Identifier: Apache-2.0
#pragma once
// OTLP/JSON to OTLP/protobuf: hex ids, enums as integers, 64-bit integers as numbers or strings,
// unknown fields ignored. More than the specification asks for is accepted: full names of enums,
// snake_case keys, spans as clients before 2022 wrote them. One pass reads the text, checks it and
// writes the wire format, without building anything (docs/decisions/0029).
// Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding". Pure, fuzzed.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

// Bytes of memory that a text takes at most while it is converted, beside itself, for each byte of
// it: the result's, which is never larger than the text.
inline constexpr size_t kJsonMemoryFactor = 1;

// Reads the text in place, and so changes it. kInvalid names the fault and its place: "json:
// resourceSpans[0].scopeSpans[0].spans[1].traceId: not 32 hex digits", with the offset where it is
// one of the text itself. The result's capacity is the text's size.
Result<std::string> protobuf_from_json(std::string json);

}  // namespace dualtrace::agent
