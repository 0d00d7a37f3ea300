// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/journal_reader.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// A network disk can be unavailable for minutes and return with all its data.
constexpr Duration kPatience = std::chrono::minutes(10);
constexpr int kFailuresMin = 5;

uint64_t minus(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

uint64_t offset_in(const Segment& segment, uint64_t sequence, Position known) {
  if (segment.base.records == sequence) return kSegmentHeaderBytes;
  return known.segment == segment.number ? known.offset : segment.readable_to;
}

JournalReader::JournalReader(FileSystem& files, std::string folder, SegmentTable& table,
                             FreshRecords& fresh, Lane lane, const Clock& clock,
                             const CursorState& cursor)
    : files_(files),
      folder_(std::move(folder)),
      table_(table),
      fresh_(fresh),
      lane_(lane),
      clock_(clock),
      position_(cursor.position),
      settled_(cursor.ranges) {
  // The cursor does not store the totals at its watermark. They are its origin plus everything that
  // the lane has settled, minus the ranges above the watermark. Segment headers state the same
  // totals, so unreadable records are counted by subtraction.
  at_ = cursor.origin;
  at_.records = cursor.watermark;
  at_.spans += cursor.settled_spans();
  at_.bytes += cursor.settled_bytes;
  for (const SettledRange& range : settled_) {
    at_.spans -= range.spans;
    at_.bytes -= range.bytes;
  }
}

Result<JournalReader::Step> JournalReader::next() {
  Result<Step> step = try_next();
  if (step) {
    failures_ = 0;
    return step;
  }
  segment_.reset();  // reopen: the handle may be the cause
  if (!to_give_up(step.error())) {
    return fail({.kind = ErrorKind::kUnavailable,
                 .message = "journal: " + step.error().message,
                 .retry_after = std::chrono::seconds(1)});
  }
  step = give_up();
  // JournalEnd: everything that cannot be read had been settled, so nothing is lost. Continue after
  // it.
  return std::holds_alternative<JournalEnd>(*step) ? next() : std::move(step);
}

bool JournalReader::to_give_up(const Error& error) {
  if (error.kind != ErrorKind::kCorrupt) return false;
  if (failures_++ == 0) first_failure_ = clock_.tick();
  // Require both: on a machine that was suspended, a long time passes between two attempts.
  return failures_ >= kFailuresMin && clock_.tick() - first_failure_ >= kPatience;
}

JournalReader::Step JournalReader::give_up() {
  failures_ = 0;
  if (unread_payload_) return lose_record(*unread_payload_);
  const auto view = table_.find(at_.records);
  DT_CHECK(view.has_value());
  return lose_rest(*view);
}

Result<JournalReader::Step> JournalReader::try_next() {
  while (const auto view = table_.find(at_.records)) {
    const Segment& segment = view->segment;
    unread_payload_.reset();
    if (auto fresh = fresh_.take(lane_.index, at_.records)) {
      // While held open, a segment that is recycled in the meantime would still occupy the disk.
      if (segment_ && segment_->number() != segment.number) segment_.reset();
      const ReadMark& mark = fresh->mark;
      step_over(mark.counted_spans(), mark.bytes, mark.after);
      if (take_settled(mark.sequence, mark.counted_spans(), mark.bytes)) continue;
      if (is_others(mark)) return Step(OthersRecord{mark});
      return Step(*std::move(fresh));
    }
    position_ = {segment.number, offset_in(segment, at_.records, position_)};
    const Result<bool> opened = open_segment(segment);
    if (!opened) return fail(opened.error());

    std::optional<RecordHeader> header;
    if (*opened) {
      Result<std::optional<RecordHeader>> found =
          segment_->header_at(position_.offset, segment.readable_to);
      if (!found) return fail(found.error());
      header = *found;
    }
    if (!header || header->sequence != at_.records) {
      // Only headers state the lengths of records: without this one, no later one can be found.
      Step lost = lose_rest(*view);
      if (std::holds_alternative<JournalEnd>(lost)) continue;
      return lost;
    }
    const ReadMark mark = mark_of(*header);
    if (take_settled(mark.sequence, mark.counted_spans(), mark.bytes)) {
      step_over(mark.counted_spans(), mark.bytes, mark.after);
      continue;
    }
    if (is_others(mark)) {
      step_over(mark.counted_spans(), mark.bytes, mark.after);
      return Step(OthersRecord{mark});
    }
    // From here on, giving up loses only this record, not the rest of the segment.
    unread_payload_ = header;
    Result<std::optional<SharedBytes>> payload = read_payload(*header);
    if (!payload) return fail(payload.error());
    if (!*payload) return lose_record(*header);
    step_over(mark.counted_spans(), mark.bytes, mark.after);
    return Step(StoredRecord{.mark = mark, .payload = **std::move(payload)});
  }
  return Step(JournalEnd{});
}

Result<std::optional<SharedBytes>> JournalReader::read_payload(const RecordHeader& header) {
  const auto read = [&] { return segment_->payload_at(position_.offset, header); };
  if (header.payload_bytes >= FreshRecords::kLargeBytes) {
    return fresh_.read_large(header.sequence, read);
  }
  Result<std::optional<std::string>> payload = read();
  if (!payload) return fail(std::move(payload).error());
  if (!*payload) return std::optional<SharedBytes>();
  return std::optional(SharedBytes(**std::move(payload)));
}

Result<bool> JournalReader::open_segment(const Segment& segment) {
  if (!segment.readable) return false;
  if (segment_ && segment_->number() == segment.number) return true;
  auto file = files_.open(folder_ + "/" + segment_name(segment.number), OpenMode::kRead);
  if (!file && file.error().kind == ErrorKind::kNotFound) {
    const Result<bool> gone = is_gone(segment);
    if (!gone) return fail(gone.error());
    if (*gone) return false;
  }
  if (!file) return fail({.kind = ErrorKind::kUnavailable, .message = file.error().message});
  segment_ = std::make_unique<SegmentReader>(*std::move(file), segment.number);
  return true;
}

// Tells a removed file from a missing volume. If the volume is missing, so is the folder; a folder
// of ours always has a cursor.
Result<bool> JournalReader::is_gone(const Segment& segment) const {
  const Result<std::vector<std::string>> names = files_.list(folder_);
  if (!names) return fail({.kind = ErrorKind::kUnavailable, .message = names.error().message});
  const bool folder_is_there =
      std::any_of(names->begin(), names->end(),
                  [](const std::string& name) { return name.starts_with("cursor-"); });
  return folder_is_there &&
         !std::binary_search(names->begin(), names->end(), segment_name(segment.number));
}

bool JournalReader::take_settled(uint64_t sequence, uint64_t spans, uint64_t bytes) {
  while (!settled_.empty() && settled_.front().end <= sequence) settled_.erase(settled_.begin());
  if (settled_.empty() || settled_.front().first > sequence) return false;
  // lose_rest() may count only the rest of the range as settled.
  settled_.front().spans = minus(settled_.front().spans, spans);
  settled_.front().bytes = minus(settled_.front().bytes, bytes);
  return true;
}

ReadMark JournalReader::mark_of(const RecordHeader& header) const {
  const uint64_t end = position_.offset + kRecordHeaderBytes + header.payload_bytes;
  const RecordInfo info{.sequence = header.sequence,
                        .arrived = from_unix_nanos(header.arrived_unix_nanos),
                        .spans = header.spans,
                        .bytes = header.payload_bytes,
                        .bytes_before = at_.bytes,
                        .carried_for = header.carried_for};
  return {info, {position_.segment, end}};
}

void JournalReader::step_over(uint64_t spans, uint64_t bytes, Position after) {
  at_.records += 1;
  at_.spans += spans;
  at_.bytes += bytes;
  position_ = after;
}

JournalReader::Step JournalReader::lose_record(const RecordHeader& header) {
  table_.mark_damaged(position_.segment);
  const ReadMark mark = mark_of(header);
  step_over(mark.counted_spans(), mark.bytes, mark.after);
  LostRecords lost{.first = mark.sequence,
                   .end = mark.sequence + 1,
                   .after = mark.after,
                   .spans = mark.counted_spans(),
                   .bytes = mark.bytes};
  if (mark.carried_for) lost.carried = mark;
  return lost;
}

// The rest cannot be read, but its counts are known: the totals in the next segment's header, minus
// the totals up to here, minus what the lane had already settled in between.
JournalReader::Step JournalReader::lose_rest(const SegmentTable::View& view) {
  // If the next segment has no header, nothing shows where this one ends, and it may be intact.
  if (!view.next_unreadable) table_.mark_damaged(view.segment.number);
  LostRecords lost{.first = at_.records,
                   .end = view.limit.records,
                   .after = {view.segment.number, view.segment.readable_to},
                   .spans = minus(view.limit.spans, at_.spans),
                   .bytes = minus(view.limit.bytes, at_.bytes)};
  uint64_t records = lost.end - lost.first;
  for (; !settled_.empty() && settled_.front().first < lost.end; settled_.erase(settled_.begin())) {
    const SettledRange& range = settled_.front();
    if (range.end <= lost.first) continue;
    records -= std::min(range.end, lost.end) - std::max(range.first, lost.first);
    lost.spans = minus(lost.spans, range.spans);
    lost.bytes = minus(lost.bytes, range.bytes);
    if (range.end > lost.end) break;  // possible only for a cursor that does not fit its segments
  }
  at_ = view.limit;
  position_ = lost.after;
  if (records == 0) return JournalEnd{};
  return lost;
}

}  // namespace dualtrace::agent
