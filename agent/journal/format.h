// SPDX-License-Identifier: Apache-2.0
#pragma once
// Format: encodes and decodes the journal's three structures on disk: segment header, record header
// and cursor slot. docs/journal_format.md describes them; a test compares its example with this
// code. Decoders accept any bytes and return nullopt for anything that this code did not write.
// Pure functions.
// Immutable.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/journal/journal_lane.h"

namespace dualtrace::agent {

using JournalTotals = Journal::Totals;

inline constexpr uint64_t kSegmentHeaderBytes = 4096;  // records begin here
inline constexpr uint64_t kRecordHeaderBytes = 40;
inline constexpr uint64_t kCursorSlotBytes = 128 * 1024;
inline constexpr uint64_t kFirstCursorSlotBytes = 64 * 1024;  // of version 1
inline constexpr size_t kCursorRangesMax = 2700;              // as many as fit into a slot
inline constexpr size_t kVoidsMax = 64;                       // in addition to the ranges

struct SegmentHeader {
  uint64_t number = 0;
  uint64_t segment_bytes = 0;
  JournalTotals
      base;  // everything accepted before this segment; base.records is its first sequence
  uint64_t damaged_segments = 0;  // set aside before this segment was begun

  bool operator==(const SegmentHeader& other) const;
};

struct RecordHeader {
  uint32_t payload_bytes = 0;
  uint32_t spans = 0;
  uint64_t sequence = 0;
  int64_t arrived_unix_nanos = 0;
  uint32_t group_rest = 0;  // how many records of its group follow it
  uint32_t payload_crc = 0;
  // lane_tag() of the lane that carried it over: the record is for that lane alone, and its spans
  // were counted with the record in which they arrived.
  std::optional<uint32_t> carried_for{};

  [[nodiscard]] uint32_t counted_spans() const { return carried_for ? 0 : spans; }
  bool operator==(const RecordHeader&) const = default;
};

// A place in the journal: the beginning of a record, or the end of a segment's records.
struct Position {
  uint64_t segment = 0;
  uint64_t offset = 0;

  bool operator==(const Position&) const = default;
};

// Settled records [first, end) of one segment above the watermark.
struct SettledRange {
  uint64_t first = 0;
  uint64_t end = 0;
  Position after{};  // the end of record end - 1
  uint64_t spans = 0;
  uint64_t bytes = 0;

  bool operator==(const SettledRange&) const = default;
};

// Carried records in [first, end) do not count: the process that wrote them ended before it had
// settled their originals.
struct VoidRange {
  uint64_t first = 0;
  uint64_t end = 0;

  bool operator==(const VoidRange&) const = default;
};

struct CursorState {
  JournalTotals origin;     // accepted when the lane began
  JournalTotals published;  // accepted when this was written
  uint64_t watermark = 0;   // every record below is settled
  Position position{};      // of the record at the watermark
  SpanCounts settled{};
  uint64_t settled_bytes = 0;
  // What this lane carried over. These spans leave one record and return in another one, so the
  // journal's totals count them as settled while they still wait.
  uint64_t carried = 0;              // spans that wait in carried records
  uint64_t adopted = 0;              // spans adopted from carried records of a cursor that was lost
  uint64_t known_to = 0;             // carried records below count, except void ones
  uint64_t rebuilt_to = 0;           // carried records below belong to a lost cursor: adopted when
  uint64_t taken_to = 0;             // they are read; those below this have been adopted
  std::vector<VoidRange> voids;      // ascending, disjoint
  std::vector<SettledRange> ranges;  // ascending, disjoint, above the watermark

  // Spans of the settled records, counted as in the journal's totals.
  [[nodiscard]] uint64_t settled_spans() const { return settled.sum() + carried - adopted; }
  bool operator==(const CursorState& other) const;
};

struct CursorSlot {
  uint64_t generation = 0;
  CursorState state{};
  uint32_t version = 2;  // of the slot that was read; slots are written in the newest version
};

// Identifies the lane of a carried record, in the three bytes that its header has room for.
[[nodiscard]] uint32_t lane_tag(std::string_view lane);

[[nodiscard]] bool operator==(const JournalTotals& a, const JournalTotals& b);

[[nodiscard]] std::string encode_segment_header(const SegmentHeader& header);  // the whole block
[[nodiscard]] std::optional<SegmentHeader> decode_segment_header(std::string_view block);

// Both checksums of a record are seeded with the number of its segment, so that a record left over
// in a recycled file is never mistaken for one of the file's current segment.
[[nodiscard]] uint32_t payload_crc(std::string_view payload, uint64_t segment);
[[nodiscard]] std::string encode_record_header(const RecordHeader& header, uint64_t segment);
[[nodiscard]] std::optional<RecordHeader> decode_record_header(std::string_view bytes,
                                                               uint64_t segment);

// DT_CHECKs that the ranges fit. Returns only the content: the rest of a slot is not read.
[[nodiscard]] std::string encode_cursor_slot(const CursorSlot& slot);
[[nodiscard]] std::optional<CursorSlot> decode_cursor_slot(std::string_view bytes);

[[nodiscard]] std::string hex_name(std::string_view prefix, uint64_t number);  // <prefix><16 hex>
[[nodiscard]] std::string segment_name(uint64_t number);                       // segment-<16 hex>
[[nodiscard]] std::string damaged_name(uint64_t number);                       // damaged-<16 hex>
// The number in such a name; nullopt for any other name.
[[nodiscard]] std::optional<uint64_t> number_in(std::string_view name, std::string_view prefix);

}  // namespace dualtrace::agent
