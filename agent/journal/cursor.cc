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
  state_.settled_bytes += record.bytes;
  insert({.first = record.sequence,
          .end = record.sequence + 1,
          .after = record.after,
          .spans = record.spans,
          .bytes = record.bytes});
}

void Cursor::settle_lost(const LostRecords& lost) {
  state_.settled.dead_lettered += lost.spans;
  state_.settled_bytes += lost.bytes;
  // The holes between what is settled already; the first one gets all the counts, since nothing
  // tells how they were spread.
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

LaneBooks books_of(const CursorState& cursor, const JournalTotals& published) {
  LaneBooks books;
  books.accepted = published.spans - cursor.origin.spans;
  books.settled = cursor.settled;
  books.backlog_spans = books.accepted - cursor.settled.sum();
  books.backlog_bytes = published.bytes - cursor.origin.bytes - cursor.settled_bytes;
  return books;
}

}  // namespace dualtrace::agent
