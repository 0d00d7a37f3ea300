// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/cursor.h"

#include <algorithm>
#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent {

SpanCounts& SpanCounts::operator+=(const SpanCounts& other) {
  delivered += other.delivered;
  rejected += other.rejected;
  dead_lettered += other.dead_lettered;
  expired += other.expired;
  filtered += other.filtered;
  return *this;
}

void Cursor::settle(const ReadMark& record, const SpanCounts& counts) {
  state_.settled += counts;
  if (record.carried_for) state_.carried -= std::min<uint64_t>(state_.carried, record.spans);
  skip(record);
}

void Cursor::skip(const ReadMark& record) {
  state_.settled_bytes += record.bytes;
  insert({.first = record.sequence,
          .end = record.sequence + 1,
          .after = record.after,
          .spans = record.counted_spans(),
          .bytes = record.bytes});
}

void Cursor::carry_over(const ReadMark& record, const SpanCounts& ended, const ReadMark& copy) {
  state_.known_to = copy.sequence + 1;
  settle(record, ended);
  state_.carried += copy.spans;
}

bool Cursor::take_carried(const ReadMark& record) {
  const uint64_t sequence = record.sequence;
  if (is_settled(sequence)) return false;
  const bool is_void = std::any_of(
      state_.voids.begin(), state_.voids.end(),
      [sequence](const VoidRange& each) { return sequence >= each.first && sequence < each.end; });
  if (is_void) {
    skip(record);
    return false;
  }
  if (sequence < state_.rebuilt_to && sequence >= state_.taken_to) {
    state_.taken_to = sequence + 1;
    state_.adopted += record.spans;
    state_.carried += record.spans;
  }
  return true;
}

void Cursor::lose_carried(uint64_t spans) {
  state_.settled.dead_lettered += spans;
  state_.carried -= std::min(state_.carried, spans);
}

bool Cursor::may_carry() {
  std::erase_if(state_.voids,
                [this](const VoidRange& each) { return each.end <= state_.watermark; });
  return state_.voids.size() < kVoidsMax;
}

bool Cursor::is_settled(uint64_t sequence) const {
  if (sequence < state_.watermark) return true;
  const auto behind = std::upper_bound(
      state_.ranges.begin(), state_.ranges.end(), sequence,
      [](uint64_t wanted, const SettledRange& range) { return wanted < range.first; });
  return behind != state_.ranges.begin() && sequence < std::prev(behind)->end;
}

void Cursor::settle_lost(const LostRecords& lost, uint64_t carried) {
  lose_carried(carried);
  state_.settled.dead_lettered += lost.spans;
  state_.settled_bytes += lost.bytes;
  // The holes between the settled ranges. The first one gets all the counts, because nothing shows
  // how they were distributed.
  std::vector<SettledRange> holes;
  uint64_t at = std::max(lost.first, state_.watermark);
  const auto add_hole = [&](uint64_t end, Position after) {
    if (at < end) holes.push_back({.first = at, .end = end, .after = after});
  };
  for (const SettledRange& range : state_.ranges) {
    if (range.end <= at) continue;
    if (range.first >= lost.end) break;
    add_hole(range.first, lost.after);
    at = range.end;
  }
  add_hole(lost.end, lost.after);
  DT_CHECK(!holes.empty());
  holes.front().spans = lost.spans;
  holes.front().bytes = lost.bytes;
  for (SettledRange& hole : holes) insert(hole);
}

// Records are settled almost in order, so there are few ranges. Neighbors in different segments
// stay separate: if a segment is lost, the counts of the ranges in it are not part of the loss.
void Cursor::insert(SettledRange range) {
  auto& ranges = state_.ranges;
  auto next = std::lower_bound(
      ranges.begin(), ranges.end(), range.first,
      [](const SettledRange& other, uint64_t first) { return other.first < first; });
  const auto joins = [](const SettledRange& left, const SettledRange& right) {
    return left.end == right.first && left.after.segment == right.after.segment;
  };
  if (next != ranges.begin() && joins(*std::prev(next), range)) {
    --next;
    next->end = range.end;
    next->after = range.after;
    next->spans += range.spans;
    next->bytes += range.bytes;
  } else {
    next = ranges.insert(next, range);
  }
  const auto right = std::next(next);
  if (right != ranges.end() && joins(*next, *right)) {
    next->end = right->end;
    next->after = right->after;
    next->spans += right->spans;
    next->bytes += right->bytes;
    ranges.erase(right);
  }
  advance();
}

void Cursor::advance() {
  auto& ranges = state_.ranges;
  auto passed = ranges.begin();
  for (; passed != ranges.end() && passed->first == state_.watermark; ++passed) {
    state_.watermark = passed->end;
    state_.position = passed->after;
  }
  ranges.erase(ranges.begin(), passed);
}

CursorState resumed(CursorState state, uint64_t published_records) {
  std::erase_if(state.voids,
                [&state](const VoidRange& each) { return each.end <= state.watermark; });
  const uint64_t known_to = std::exchange(state.known_to, published_records);
  if (known_to >= published_records) return state;
  // If the previous process carried nothing over, its void merges with the one before it. There
  // cannot be too many voids: a process that finds the list full carries nothing over.
  const bool full = state.voids.size() == kVoidsMax;
  if (full || (!state.voids.empty() && state.voids.back().end == known_to)) {
    state.voids.back().end = published_records;
  } else {
    state.voids.push_back({.first = known_to, .end = published_records});
  }
  return state;
}

LaneBooks books_of(const CursorState& cursor, const JournalTotals& published) {
  LaneBooks books;
  books.accepted = published.spans - cursor.origin.spans + cursor.adopted;
  books.settled = cursor.settled;
  books.backlog_spans = books.accepted - cursor.settled.sum();
  return books;
}

}  // namespace dualtrace::agent
