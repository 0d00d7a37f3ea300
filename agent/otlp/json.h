#pragma once
// OTLP/JSON to OTLP/protobuf: hex ids, enums as integers, 64-bit integers as numbers or strings,
// unknown fields ignored. More than the specification asks for is accepted: enum names, snake_case
// keys. simdjson parses and checks the whole text; then one walk over it writes the wire format,
// without building messages (docs/decisions/0003).
// Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding". Pure, fuzzed.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

// Bytes of memory that a text takes at most while it is converted, the result included, for each
// byte of it.
inline constexpr size_t kJsonMemoryFactor = 17;

// kInvalid names the fault and, where it is one of a value, its place: "json:
// resourceSpans[0].scopeSpans[0].spans[1].traceId: not 32 hex digits".
Result<std::string> protobuf_from_json(std::string_view json);

}  // namespace dualtrace::agent
