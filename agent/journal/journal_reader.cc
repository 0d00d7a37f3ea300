#include "agent/journal/journal_reader.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// A disk in the network can be away for minutes, and comes back with everything.
constexpr Duration kPatience = std::chrono::minutes(10);
constexpr int kFailuresMin = 5;

uint64_t minus(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

}  // namespace

uint64_t offset_in(const Segment& segment, uint64_t sequence, Position known) {
  if (segment.base.records == sequence) return kSegmentHeaderBytes;
  return known.segment == segment.number ? known.offset : segment.readable_to;
}

JournalReader::JournalReader(FileSystem& files, std::string folder, SegmentTable& table,
                             FreshRecords& fresh, size_t lane, const Clock& clock,
                             const CursorState& cursor)
    : files_(files),
      folder_(std::move(folder)),
      table_(table),
      fresh_(fresh),
      lane_(lane),
      clock_(clock),
      position_(cursor.position),
      settled_(cursor.ranges) {
  at_ = cursor.origin;
  at_.records = cursor.watermark;
  at_.spans += cursor.settled.sum();
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
  segment_.reset();  // reopen: the failure may be the handle's
  if (!to_give_up()) {
    return fail({.kind = ErrorKind::kUnavailable,
                 .message = "journal: " + step.error().message,
                 .retry_after = std::chrono::seconds(1)});
  }
  step = give_up();
  return std::holds_alternative<JournalEnd>(*step) ? next() : std::move(step);
}

bool JournalReader::to_give_up() {
  if (failures_++ == 0) first_failure_ = clock_.tick();
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
    if (auto fresh = fresh_.take(lane_, at_.records)) {
      // Held open, a segment that is recycled meanwhile would keep its place on the disk.
      if (segment_ && segment_->number() != segment.number) segment_.reset();
      const ReadMark& mark = fresh->mark;
      step_over(mark.spans, mark.bytes, mark.after);
      if (take_settled(mark.sequence, mark.spans, mark.bytes)) continue;
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
      Step lost = lose_rest(*view);
      if (std::holds_alternative<JournalEnd>(lost)) continue;
      return lost;
    }
    if (take_settled(header->sequence, header->spans, header->payload_bytes)) {
      step_over(header->spans, header->payload_bytes, behind(*header));
      continue;
    }
    unread_payload_ = header;
    Result<std::optional<SharedBytes>> payload = read_payload(*header);
    if (!payload) return fail(payload.error());
    if (!*payload) return lose_record(*header);
    const uint64_t bytes_before = at_.bytes;
    step_over(header->spans, header->payload_bytes, behind(*header));
    return Step(StoredRecord{.mark = {.sequence = header->sequence,
                                      .spans = header->spans,
                                      .bytes = header->payload_bytes,
                                      .arrived_unix_nanos = header->arrived_unix_nanos,
                                      .after = position_},
                             .payload = **std::move(payload),
                             .bytes_before = bytes_before});
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
  if (!file && file.error().kind == ErrorKind::kNotFound) return false;
  if (!file) return fail(std::move(file).error());
  segment_ = std::make_unique<SegmentReader>(*std::move(file), segment.number);
  return true;
}

bool JournalReader::take_settled(uint64_t sequence, uint64_t spans, uint64_t bytes) {
  while (!settled_.empty() && settled_.front().end <= sequence) settled_.erase(settled_.begin());
  if (settled_.empty() || settled_.front().first > sequence) return false;
  settled_.front().spans = minus(settled_.front().spans, spans);
  settled_.front().bytes = minus(settled_.front().bytes, bytes);
  return true;
}

Position JournalReader::behind(const RecordHeader& header) const {
  return {position_.segment, position_.offset + kRecordHeaderBytes + header.payload_bytes};
}

void JournalReader::step_over(uint64_t spans, uint64_t bytes, Position after) {
  at_.records += 1;
  at_.spans += spans;
  at_.bytes += bytes;
  position_ = after;
}

JournalReader::Step JournalReader::lose_record(const RecordHeader& header) {
  table_.mark_damaged(position_.segment);
  step_over(header.spans, header.payload_bytes, behind(header));
  return LostRecords{.first = header.sequence,
                     .end = header.sequence + 1,
                     .after = position_,
                     .spans = header.spans,
                     .bytes = header.payload_bytes};
}

JournalReader::Step JournalReader::lose_rest(const SegmentTable::View& view) {
  // Before a segment without a header nothing tells where this one ends: it may be whole.
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
    if (range.end > lost.end) break;  // only a cursor that does not fit its segments says so
  }
  at_ = view.limit;
  position_ = lost.after;
  if (records == 0) return JournalEnd{};
  return lost;
}

}  // namespace dualtrace::agent
