// SPDX-License-Identifier: Apache-2.0
#pragma once
// The wire walk: checks the framing of a serialised ExportTraceServiceRequest down to the span
// boundary and counts, without decoding anything (about 10 ns a span). Unknown fields are passed
// over. Pure, fuzzed.
// Source: opentelemetry-proto trace_service.proto and trace.proto; protobuf wire format.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::agent {

struct WalkSummary {
  uint32_t resource_spans = 0;
  uint32_t spans = 0;
  // Of walk_received: scopes as clients before 2022 wrote them; see rename_old_scopes.
  uint32_t old_scopes = 0;

  bool operator==(const WalkSummary&) const = default;
};

// kInvalid with the offset of the fault when the bytes are not such a request. Empty is valid.
// For what was stored: it asks no more of a span than that it is one field.
Result<WalkSummary> walk(std::string_view request);

// What the intake asks of every request beside that: each span begins with ids of the right length.
// The wire format of metrics, logs and profiles is the same down to here, so this is also what
// tells that an export of theirs came to the wrong door. kInvalid with the span's place, or with
// what the request looks like.
Result<WalkSummary> walk_received(std::string_view request);

// Makes scopes of `instrumentation_library_spans` (field 1000 of a resource until 2022), whose
// fields are the same; no byte moves. `request` has passed walk_received().
void rename_old_scopes(std::string& request);

}  // namespace dualtrace::agent
