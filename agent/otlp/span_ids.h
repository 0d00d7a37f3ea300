// SPDX-License-Identifier: Apache-2.0
#pragma once
// SpanIds: checks whether a field that should be a span has a span's ids, and if not, what it is: a
// span with ids of a wrong length, or a metric, a log record, a profile. Only for walk.cc. Pure.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace dualtrace::agent {

// `span` is the contents of a field that should be a Span.
[[nodiscard]] bool has_ids(std::string_view span);

// The message for the client about a span for which has_ids() is false. `place` is the span's place
// in the request.
[[nodiscard]] std::string ids_fault(std::string_view request, std::string_view span,
                                    const std::string& place);

namespace span_ids {

// Finds the ids in any order, with any fields between them.
[[nodiscard]] bool has_ids_anywhere(std::string_view span);

// Whether one of eight bytes is a control character, as is likely in random ids.
[[nodiscard]] inline bool has_control(const char* bytes) {
  constexpr uint64_t kEach = 0x0101010101010101;
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return ((word - 0x20 * kEach) & ~word & 0x80 * kEach) != 0;
}

}  // namespace span_ids

// The fast path expects what all known clients write first: both ids, then trace_state and the
// parent's id if present. Ids that could be text need the slow path: they may be a metric's name
// and description.
inline bool has_ids(std::string_view span) {
  constexpr size_t kIdsBytes = 28;
  constexpr char kTraceIdTag = 0x0a;
  constexpr char kSpanIdTag = 0x12;
  constexpr char kTraceStateTag = 0x1a;
  constexpr char kParentIdTag = 0x22;
  const bool begins_as_usual =
      span.size() > kIdsBytes + 1 && span[0] == kTraceIdTag && span[1] == 16 &&
      span[18] == kSpanIdTag && span[19] == 8 &&
      (span_ids::has_control(&span[2]) || span_ids::has_control(&span[10]) ||
       span_ids::has_control(&span[20]));
  if (!begins_as_usual) return span_ids::has_ids_anywhere(span);
  size_t parent = kIdsBytes;
  if (span[parent] == kTraceStateTag) parent += 2 + static_cast<uint8_t>(span[parent + 1]);
  const bool parent_as_usual = parent + 1 < span.size() && parent <= kIdsBytes + 2 + INT8_MAX &&
                               span[parent] != kTraceStateTag &&
                               (span[parent] != kParentIdTag || span[parent + 1] == 8);
  return parent_as_usual || span_ids::has_ids_anywhere(span);
}

}  // namespace dualtrace::agent
