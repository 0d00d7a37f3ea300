// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cursor: how far one lane has come, in memory: a low watermark, the ranges settled above it and
// the books. Records are settled once each, in any order. Used from one thread, or under its user's
// mutex.

#include <optional>
#include <utility>

#include "agent/journal/format.h"

namespace dualtrace::agent {

// A record that was read: where it is and what it counts for.
struct ReadMark {
  uint64_t sequence = 0;
  uint32_t spans = 0;
  uint64_t bytes = 0;
  uint64_t bytes_before = 0;  // of payload, ever accepted before this record
  int64_t arrived_unix_nanos = 0;
  Position after{};                       // behind it
  std::optional<uint32_t> carried_for{};  // as in its header

  [[nodiscard]] uint32_t counted_spans() const { return carried_for ? 0 : spans; }
};

// Records [first, end) that cannot be read, less those that the reader knew as settled.
struct LostRecords {
  uint64_t first = 0;
  uint64_t end = 0;
  Position after{};
  uint64_t spans = 0;  // as the journal's totals count them
  uint64_t bytes = 0;
  std::optional<ReadMark> carried{};  // it is this one record, which the lane has carried over
};

class Cursor {
 public:
  explicit Cursor(CursorState state) : state_(std::move(state)) {}

  [[nodiscard]] const CursorState& state() const { return state_; }
  void settle(const ReadMark& record, const SpanCounts& counts);
  // Passes over a carried record that is another lane's, or void.
  void skip(const ReadMark& record);
  // What is unsettled in there becomes dead-lettered, and `carried` spans of carried records.
  void settle_lost(const LostRecords& lost, uint64_t carried);

  // The record's spans wait in its copy from now on, but for those that ended so.
  void carry_over(const ReadMark& record, const SpanCounts& ended, const ReadMark& copy);
  // Whether a carried record of this lane that is read counts; takes it up if nobody did.
  [[nodiscard]] bool take_carried(const ReadMark& record);
  // Carried spans that are nowhere to be found become dead-lettered.
  void lose_carried(uint64_t spans);
  // Whether one more life may carry over.
  [[nodiscard]] bool may_carry();

 private:
  [[nodiscard]] bool is_settled(uint64_t sequence) const;
  // Adds a range that is disjoint from the others, joins it with its neighbours in the same segment
  // and moves the watermark over what has become contiguous.
  void insert(SettledRange range);
  void advance();

  CursorState state_;
};

// The cursor of the next life, in which so much is published: what was carried over and not settled
// by then is void.
[[nodiscard]] CursorState resumed(CursorState state, uint64_t published_records);

// The books of a lane at that cursor when `published` is accepted: the spans.
[[nodiscard]] LaneBooks books_of(const CursorState& cursor, const JournalTotals& published);

}  // namespace dualtrace::agent
