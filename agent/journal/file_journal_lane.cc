#include "agent/journal/file_journal_lane.h"

#include <array>
#include <utility>

namespace dualtrace::agent {

FileJournalLane::FileJournalLane(Parts parts)
    : files_(parts.files),
      folder_(parts.folder),
      table_(parts.table),
      fresh_(parts.fresh),
      clock_(parts.clock),
      index_(parts.index),
      recycle_(std::move(parts.recycle)),
      reader_(reader_at(parts.cursor)),
      cursor_file_(std::move(parts.cursor_file)),
      cursor_(std::move(parts.cursor)) {}

std::unique_ptr<JournalReader> FileJournalLane::reader_at(const CursorState& cursor) {
  return std::make_unique<JournalReader>(files_, folder_, table_, fresh_, index_, clock_, cursor);
}

void FileJournalLane::rewind() {
  Lock lock(mutex_);
  unsettled_.clear();
  reader_ = reader_at(cursor_.state());
}

Result<JournalRead> FileJournalLane::read() {
  Result<JournalReader::Step> step = reader_->next();
  if (!step) return fail(std::move(step).error());
  if (auto* record = std::get_if<StoredRecord>(&*step)) {
    const ReadMark& mark = record->mark;
    Lock lock(mutex_);
    unsettled_.emplace(mark.sequence, mark);
    return JournalRead(JournalRecord{.sequence = mark.sequence,
                                     .arrived = from_unix_nanos(mark.arrived_unix_nanos),
                                     .spans = mark.spans,
                                     .payload = std::move(record->payload),
                                     .bytes_before = record->bytes_before});
  }
  if (const auto* lost = std::get_if<LostRecords>(&*step)) {
    changed_ = true;
    Lock lock(mutex_);
    cursor_.settle_lost(*lost);
    return JournalRead(
        JournalDamage{.first = lost->first, .last = lost->end - 1, .spans = lost->spans});
  }
  return JournalRead(JournalEnd{});
}

void FileJournalLane::settle(uint64_t sequence, const SpanCounts& counts) {
  changed_ = true;
  Lock lock(mutex_);
  const auto record = unsettled_.find(sequence);
  DT_CHECK(record != unsettled_.end());
  DT_CHECK(counts.sum() == record->second.spans);
  cursor_.settle(record->second, counts);
  unsettled_.erase(record);
}

Status FileJournalLane::sync() {
  if (!changed_) return {};
  CursorState state;
  {
    Lock lock(mutex_);
    state = cursor_.state();
  }
  state.published = table_.published();
  // Too scattered for the slot: the durable cursor stays behind and recycling waits for it.
  if (state.ranges.size() > kCursorRangesMax) return {};
  if (Status stored = cursor_file_->store(state); !stored) {
    return fail(stored.error().with_prefix("journal: store the cursor: "));
  }
  changed_ = false;
  if (table_.set_durable(index_, state.watermark)) recycle_();
  return {};
}

void FileJournalLane::on_published(std::function<void()> notify) {
  Lock lock(mutex_);
  notify_.swap(notify);  // the old one dies after the lock
}

void FileJournalLane::notify_published() {
  std::function<void()> notify;
  {
    Lock lock(mutex_);
    notify = notify_;
  }
  if (notify) notify();
}

LaneBooks FileJournalLane::books() const {
  CursorState cursor;
  std::optional<int64_t> oldest;
  {
    Lock lock(mutex_);
    cursor = cursor_.state();
    // What was read first and is not settled is the record at the watermark.
    if (!unsettled_.empty()) oldest = unsettled_.begin()->second.arrived_unix_nanos;
  }
  // Taken second: what is settled was published before.
  LaneBooks books = books_of(cursor, table_.published());
  if (!oldest) oldest = arrival_at(cursor.watermark, cursor.position);
  if (oldest) books.oldest_unsettled = from_unix_nanos(*oldest);
  return books;
}

// The reader has not come to it (or it was just published): one small read of its header.
std::optional<int64_t> FileJournalLane::arrival_at(uint64_t sequence, Position known) const {
  const auto view = table_.find(sequence);
  if (!view || !view->segment.readable) return std::nullopt;
  const Segment& segment = view->segment;
  const auto file = files_.open(folder_ + "/" + segment_name(segment.number), OpenMode::kRead);
  if (!file) return std::nullopt;  // damaged, or settled and recycled meanwhile
  std::array<char, kRecordHeaderBytes> bytes;
  const auto n = (*file)->read_at(offset_in(segment, sequence, known), bytes);
  if (!n) return std::nullopt;
  const auto header = decode_record_header({bytes.data(), *n}, segment.number);
  if (!header || header->sequence != sequence) return std::nullopt;
  return header->arrived_unix_nanos;
}

bool FileJournalLane::caught_up() const {
  uint64_t watermark = 0;
  {
    Lock lock(mutex_);
    watermark = cursor_.state().watermark;
  }
  return watermark >= table_.published().records;
}

}  // namespace dualtrace::agent
