#pragma once
// Cursor: how far one lane has come, in memory: a low watermark, the ranges settled above it and
// the books. Records are settled once each, in any order. Used from one thread, or under its user's
// mutex.

#include "agent/journal/format.h"

namespace dualtrace::agent {

// A record that was read: where it is and what it counts for.
struct ReadMark {
  uint64_t sequence = 0;
  uint32_t spans = 0;
  uint64_t bytes = 0;
  int64_t arrived_unix_nanos = 0;
  Position after{};  // behind it
};

// Records [first, end) that cannot be read, less those that the reader knew as settled.
struct LostRecords {
  uint64_t first = 0;
  uint64_t end = 0;
  Position after{};
  uint64_t spans = 0;
  uint64_t bytes = 0;
};

class Cursor {
 public:
  explicit Cursor(CursorState state) : state_(std::move(state)) {}

  [[nodiscard]] const CursorState& state() const { return state_; }
  void settle(const ReadMark& record, const SpanCounts& counts);
  // What is unsettled in there becomes dead-lettered.
  void settle_lost(const LostRecords& lost);

 private:
  // Adds a range that is disjoint from the others, joins it with its neighbours in the same segment
  // and moves the watermark over what has become contiguous.
  void insert(SettledRange range);
  void advance();

  CursorState state_;
};

// The books of a lane at that cursor when `published` is accepted; without oldest_unsettled.
[[nodiscard]] LaneBooks books_of(const CursorState& cursor, const JournalTotals& published);

}  // namespace dualtrace::agent
