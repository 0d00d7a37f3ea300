// SPDX-License-Identifier: Apache-2.0
#pragma once
// Defects: finds what is wrong with single spans of a serialized ExportTraceServiceRequest, by the
// rules of protobuf and OTLP that receivers check: UTF-8, wire types, framing, ids. A lane calls it
// after a destination has refused a batch as invalid, to find the faulty spans without repeatedly
// sending halves of the batch. Accepted requests never pay for it. One linear pass. Pure, fuzzed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dualtrace::agent {

struct SpanDefect {
  uint32_t ordinal = 0;  // of the span in the request, counted from 0 in wire order
  std::string what;      // the first fault: "span name is not valid UTF-8"

  bool operator==(const SpanDefect&) const = default;
};

// In the order of their ordinals, one per faulty span. A fault of a resource or a scope counts for
// all of its spans. Unknown fields are allowed. `request` has passed walk(): if its framing above
// the spans is broken, the pass ends there.
[[nodiscard]] std::vector<SpanDefect> find_defects(std::string_view request);

}  // namespace dualtrace::agent
