// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cursor: one lane's progress, in memory: a low watermark, the ranges settled above it, and the
// lane's books. Each record is settled once, in any order. Used from one thread, or under its
// user's mutex.

#include <optional>
#include <utility>

#include "agent/journal/format.h"

namespace dualtrace::agent {

// A record that was read, and where it ends.
struct ReadMark : RecordInfo {
  Position after{};

  [[nodiscard]] uint32_t counted_spans() const { return carried_for ? 0 : spans; }
};

// Records [first, end) that cannot be read, except those that the reader knew to be settled.
struct LostRecords {
  uint64_t first = 0;
  uint64_t end = 0;
  Position after{};
  uint64_t spans = 0;  // counted as in the journal's totals
  uint64_t bytes = 0;
  std::optional<ReadMark>
      carried{};  // set if only this record is lost, and the lane had carried it over
};

class Cursor {
 public:
  explicit Cursor(CursorState state) : state_(std::move(state)) {}

  [[nodiscard]] const CursorState& state() const { return state_; }
  void settle(const ReadMark& record, const SpanCounts& counts);
  // Skips a carried record that belongs to another lane or is void.
  void skip(const ReadMark& record);
  // Dead-letters the unsettled records in the range, and `carried` spans of carried records.
  void settle_lost(const LostRecords& lost, uint64_t carried);

  // Settles the record. Its spans now wait in `copy`, except those that ended with these counts.
  void carry_over(const ReadMark& record, const SpanCounts& ended, const ReadMark& copy);
  // Whether a carried record of this lane counts when it is read; adopts it if no lane has.
  [[nodiscard]] bool take_carried(const ReadMark& record);
  // Dead-letters carried spans whose records are lost.
  void lose_carried(uint64_t spans);
  // Whether records may be carried over: a crash would need room for one more void.
  [[nodiscard]] bool may_carry();

 private:
  [[nodiscard]] bool is_settled(uint64_t sequence) const;
  // Adds a range that is disjoint from the others, merges it with its neighbors in the same segment
  // and moves the watermark past everything that is now contiguous.
  void insert(SettledRange range);
  void advance();

  CursorState state_;
};

// The cursor for the next process, which starts with this many published records. Copies whose
// originals are not settled in `state` are void.
[[nodiscard]] CursorState resumed(CursorState state, uint64_t published_records);

// A lane's books at that cursor, in spans, when `published` has been accepted.
[[nodiscard]] LaneBooks books_of(const CursorState& cursor, const JournalTotals& published);

}  // namespace dualtrace::agent
