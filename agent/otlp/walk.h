// SPDX-License-Identifier: Apache-2.0
#pragma once
// The wire walk: checks the framing of a serialized ExportTraceServiceRequest down to the span
// boundary and counts, without decoding anything (about 10 ns per span). Unknown fields are
// skipped. Pure, fuzzed.
// Source: opentelemetry-proto trace_service.proto and trace.proto; protobuf wire format.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

struct WalkSummary {
  uint32_t resource_spans = 0;
  uint32_t spans = 0;
  // Only from walk_received: scopes as written by clients before 2022; see rename_old_scopes.
  uint32_t old_scopes = 0;

  bool operator==(const WalkSummary&) const = default;
};

// kInvalid with the offset of the fault if the bytes are not such a request. Empty is valid. For
// stored records: it requires only that a span is one field.
Result<WalkSummary> walk(std::string_view request);

// The intake's additional check of every request: each span has ids of the right length. Down to
// here, metrics, logs and profiles have the same wire format, so this check also detects an export
// that was sent to the wrong endpoint. kInvalid with the span's place, or with the signal that the
// request looks like.
Result<WalkSummary> walk_received(std::string_view request);

// Turns `instrumentation_library_spans` (field 1000 of a resource until 2022) into scopes, which
// have the same fields; no byte moves. `request` has passed walk_received().
void rename_old_scopes(std::string& request);

}  // namespace dualtrace::agent
