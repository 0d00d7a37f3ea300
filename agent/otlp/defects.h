// SPDX-License-Identifier: Apache-2.0
#pragma once
// Defects: what is wrong with single spans of a serialised ExportTraceServiceRequest, by the rules
// of protobuf and OTLP that receivers check: UTF-8, wire types, framing, ids. A lane asks when a
// destination has refused a batch as invalid, so that the spans at fault are known without sending
// halves of it again and again; accepted requests never pay for it. One linear pass. Pure, fuzzed.

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

// In the order of their ordinals, one for each span at fault; a fault of a resource or a scope is
// one of all its spans. Unknown fields are no fault. `request` has passed walk(): where its framing
// is broken above the spans, the pass ends.
[[nodiscard]] std::vector<SpanDefect> find_defects(std::string_view request);

}  // namespace dualtrace::agent
