#pragma once
// The wire walk: checks the framing of a serialised ExportTraceServiceRequest down to the span
// boundary and counts, without decoding anything (about 10 ns a span). The intake calls it on every
// request; unknown fields are passed over. Pure, fuzzed.
// Source: opentelemetry-proto trace_service.proto and trace.proto; protobuf wire format.

#include <cstdint>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

struct WalkSummary {
  uint32_t resource_spans = 0;
  uint32_t spans = 0;

  bool operator==(const WalkSummary&) const = default;
};

// kInvalid with the offset of the fault when the bytes are not such a request. Empty is valid.
Result<WalkSummary> walk(std::string_view request);

}  // namespace dualtrace::agent
