#pragma once
// OTLP/JSON to OTLP/protobuf: hex ids, enums as integers, 64-bit integers as numbers or strings,
// unknown fields ignored. More than the specification asks for is accepted: enum names, snake_case
// keys. Not the hot path: it stands on protobuf's own JSON parser, which writes the wire format
// without building messages, so that memory stays within a few times the text.
// Source: opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding". Pure, fuzzed.

#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

// kInvalid names the fault: not JSON, wrong type, an id that is not hex of the right length.
Result<std::string> protobuf_from_json(std::string_view json);

}  // namespace dualtrace::agent
