// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/file_journal_lane.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace dualtrace::agent {
namespace {

constexpr size_t kNoteBytesMax = 64 * 1024;

}  // namespace

FileJournalLane::FileJournalLane(Parts parts)
    : files_(parts.files),
      name_(std::move(parts.name)),
      folder_(parts.folder),
      table_(parts.table),
      fresh_(parts.fresh),
      scheduler_(parts.scheduler),
      index_(parts.index),
      recycle_(std::move(parts.recycle)),
      append_(std::move(parts.append)),
      opened_at_(table_.published().records),
      reader_(reader_at(parts.cursor)),
      cursor_file_(std::move(parts.cursor_file)),
      cursor_(std::move(parts.cursor)) {}

std::unique_ptr<JournalReader> FileJournalLane::reader_at(const CursorState& cursor) {
  return std::make_unique<JournalReader>(
      files_, folder_, table_, fresh_, JournalReader::Lane{.index = index_, .tag = lane_tag(name_)},
      scheduler_.clock(), cursor);
}

void FileJournalLane::rewind() {
  Lock lock(mutex_);
  unsettled_.clear();
  carrying_.clear();
  // Copies that an earlier process wrote become known when they are read again.
  while (!copies_.empty() && copies_.begin()->first < opened_at_) {
    forget_copy(copies_.begin()->first);
  }
  reader_ = reader_at(cursor_.state());
}

Result<JournalRead> FileJournalLane::read() {
  while (true) {
    Result<JournalReader::Step> step = reader_->next();
    if (!step) return fail(std::move(step).error());
    std::optional<JournalRead> read =
        std::visit([this](auto&& each) { return take(std::move(each)); }, *std::move(step));
    if (read) return *std::move(read);
  }
}

std::optional<JournalRead> FileJournalLane::take(StoredRecord record) {
  const ReadMark& mark = record.mark;
  Lock lock(mutex_);
  if (mark.carried_for) {
    ++changes_;
    if (!cursor_.take_carried(mark)) return std::nullopt;
    know(mark);
  }
  unsettled_.emplace(mark.sequence, mark);
  return JournalRecord{mark, std::move(record.payload)};
}

std::optional<JournalRead> FileJournalLane::take(const JournalReader::OthersRecord& record) {
  Lock lock(mutex_);
  ++changes_;
  cursor_.skip(record.mark);
  return std::nullopt;
}

std::optional<JournalRead> FileJournalLane::take(const LostRecords& lost) {
  Lock lock(mutex_);
  ++changes_;
  if (lost.carried) {
    if (!cursor_.take_carried(*lost.carried)) return std::nullopt;
    know(*lost.carried);
  }
  uint64_t carried = 0;
  for (auto copy = copies_.lower_bound(lost.first);
       copy != copies_.end() && copy->first < lost.end;) {
    carried += copy->second.spans;
    forget_copy((copy++)->first);
  }
  cursor_.settle_lost(lost, carried);
  return JournalDamage{.first = lost.first, .last = lost.end - 1, .spans = lost.spans + carried};
}

// The journal may have grown since the reader reached its end, but every copy published since then
// is known.
std::optional<JournalRead> FileJournalLane::take(const JournalEnd& end) {
  Lock lock(mutex_);
  const CursorState& state = cursor_.state();
  if (state.carried <= copied_spans_) return end;
  const uint64_t lost = state.carried - copied_spans_;
  ++changes_;
  cursor_.lose_carried(lost);
  return JournalDamage{
      .first = state.origin.records, .last = table_.published().records - 1, .spans = lost};
}

void FileJournalLane::settle(uint64_t sequence, const SpanCounts& counts) {
  Lock lock(mutex_);
  ++changes_;
  const auto record = unsettled_.find(sequence);
  DT_CHECK(record != unsettled_.end());
  DT_CHECK(counts.sum() == record->second.spans);
  DT_CHECK(!carrying_.contains(sequence));
  cursor_.settle(record->second, counts);
  forget_copy(sequence);
  unsettled_.erase(record);
}

Result<JournalRecord> FileJournalLane::read_again(uint64_t sequence) {
  ReadMark mark;
  {
    Lock lock(mutex_);
    const auto record = unsettled_.find(sequence);
    DT_CHECK(record != unsettled_.end());
    mark = record->second;
  }
  const uint64_t number = mark.after.segment;
  const auto unavailable = [](const Error& error) {
    return fail({.kind = ErrorKind::kUnavailable,
                 .message = "journal: " + error.message,
                 .retry_after = std::chrono::seconds(1)});
  };
  auto file = files_.open(folder_ + "/" + segment_name(number), OpenMode::kRead);
  if (!file) return unavailable(file.error());
  SegmentReader reader(*std::move(file), number);
  const uint64_t begin = mark.after.offset - kRecordHeaderBytes - mark.bytes;
  const auto header = reader.header_at(begin, mark.after.offset);
  if (!header) return unavailable(header.error());
  std::optional<std::string> payload;
  if (*header && (*header)->sequence == sequence) {
    auto read = reader.payload_at(begin, **header);
    if (!read) return unavailable(read.error());
    payload = *std::move(read);
  }
  if (!payload) {
    table_.mark_damaged(number);
    return fail(ErrorKind::kCorrupt, "journal: record " + std::to_string(sequence) + " is damaged");
  }
  return JournalRecord{mark, *std::move(payload)};
}

void FileJournalLane::carry_over(CarryOver rest, std::function<void(Status)> done) {
  Carrying carrying{.sequence = rest.sequence, .number = 0, .ended = rest.ended};
  PendingAppend append{.payload = std::move(rest.payload),
                       .spans = rest.spans,
                       .arrived = {},
                       .done = {},
                       .carried_for = lane_tag(name_),
                       .synced = {}};
  bool may = true;
  {
    Lock lock(mutex_);
    const auto record = unsettled_.find(rest.sequence);
    DT_CHECK(record != unsettled_.end());
    DT_CHECK(rest.spans > 0 && rest.ended.sum() + rest.spans == record->second.spans);
    append.arrived = record->second.arrived;
    may = cursor_.may_carry();
    carrying.number = ++carry_overs_;
    DT_CHECK(carrying_.emplace(rest.sequence, carrying.number).second);
  }
  append.synced = [this, carrying](const ReadMark& copy, const JournalTotals& published) {
    copy_synced(carrying, copy, published);
  };
  append.done = [this, carrying, done = std::move(done)](Status status) {
    done(status ? Status() : copy_refused(carrying, std::move(status)));
  };
  if (may) return append_(std::move(append));
  scheduler_.post([refused = std::move(append.done)] {
    refused(fail(ErrorKind::kUnavailable,
                 "journal: too many agents ended while this lane was carrying records over"));
  });
}

void FileJournalLane::copy_synced(const Carrying& carrying, const ReadMark& copy,
                                  const JournalTotals& published) {
  Lock lock(mutex_);
  ++changes_;
  copied_to_ = published;
  const auto pending = carrying_.find(carrying.sequence);
  if (pending == carrying_.end() || pending->second != carrying.number) {
    cursor_.skip(copy);  // a lane has taken over and reads the original
    return;
  }
  carrying_.erase(pending);
  const auto record = unsettled_.find(carrying.sequence);
  cursor_.carry_over(record->second, carrying.ended, copy);
  forget_copy(carrying.sequence);  // the original may have been a copy itself
  unsettled_.erase(record);
  know(copy);
}

Status FileJournalLane::copy_refused(const Carrying& carrying, Status status) {
  Lock lock(mutex_);
  const auto pending = carrying_.find(carrying.sequence);
  if (pending != carrying_.end() && pending->second == carrying.number) carrying_.erase(pending);
  return status;
}

void FileJournalLane::know(const ReadMark& copy) {
  if (!copies_.emplace(copy.sequence, copy).second) return;
  copies_arrived_.insert(copy.arrived);
  copied_spans_ += copy.spans;
}

void FileJournalLane::forget_copy(uint64_t sequence) {
  const auto copy = copies_.find(sequence);
  if (copy == copies_.end()) return;
  copies_arrived_.erase(copies_arrived_.find(copy->second.arrived));
  copied_spans_ -= copy->second.spans;
  copies_.erase(copy);
}

std::optional<PinnedSegment> FileJournalLane::pinned(size_t records_max) const {
  PinnedSegment pinned;
  uint64_t watermark = 0;
  uint64_t next = 0;  // unsettled once these are settled
  {
    Lock lock(mutex_);
    const CursorState& state = cursor_.state();
    watermark = state.watermark;
    if (unsettled_.empty() || unsettled_.begin()->first != watermark) return std::nullopt;
    const uint64_t segment = unsettled_.begin()->second.after.segment;
    next = watermark;
    auto range = state.ranges.begin();
    const auto pass_settled = [&] {
      while (range != state.ranges.end() && range->first == next) next = (range++)->end;
    };
    for (const auto& [sequence, record] : unsettled_) {
      pass_settled();
      if (sequence != next || record.after.segment != segment) break;
      if (pinned.sequences.size() == records_max) return std::nullopt;
      pinned.sequences.push_back(sequence);
      pinned.payload_bytes += record.bytes;
      next = sequence + 1;
    }
    pass_settled();
  }
  pinned.bytes = table_.bytes_between(watermark, next);
  if (pinned.bytes == 0) return std::nullopt;
  return pinned;
}

// Stores a copy of the cursor, so that nothing waits for the disk under the lock. Changes made in
// the meantime are stored the next time.
Status FileJournalLane::sync() {
  store_note();
  CursorState state;
  JournalTotals copied_to;
  uint64_t changes = 0;
  {
    Lock lock(mutex_);
    changes = changes_;
    if (changes == changes_stored_) return {};
    state = cursor_.state();
    copied_to = copied_to_;
    // Too many ranges for the slot: the durable cursor stays where it is, and recycling waits.
    if (state.ranges.size() > kCursorRangesMax) return {};
  }
  state.published = table_.published();
  // A copy is known shortly before it is published.
  if (state.published.records < copied_to.records) state.published = copied_to;
  if (Status stored = cursor_file_->store(state); !stored) {
    return fail(stored.error().with_prefix("journal: store the cursor: "));
  }
  changes_stored_ = changes;
  if (table_.set_durable(index_, state.watermark)) recycle_();
  return {};
}

void FileJournalLane::note(std::string text) { unstored_note_ = std::move(text); }

std::string FileJournalLane::take_note() {
  if (std::exchange(note_taken_, true)) return "";
  Result<std::string> note = read_file(files_, note_path(), kNoteBytesMax);
  if (note) return *std::move(note);
  if (note.error().kind != ErrorKind::kNotFound) {
    log_warn("cannot read what the agent before noted beside its cursor",
             {{"lane", name_}, {"folder", folder_}, {"error", note.error().message}});
  }
  return "";
}

// A full disk must not keep the cursor from moving, because that is what frees space.
void FileJournalLane::store_note() {
  if (!unstored_note_) return;
  const Status written = write_file(files_, note_path(), *unstored_note_);
  if (written) {
    unstored_note_.reset();
  } else if (note_log_.allow(scheduler_.clock().tick())) {
    log_warn("cannot write a note beside the cursor; it is retried",
             {{"lane", name_}, {"folder", folder_}, {"error", written.error().message}});
  }
}

void FileJournalLane::on_published(std::function<void()> notify) {
  Lock lock(mutex_);
  notify_.swap(notify);  // the old one is destroyed after the lock is released
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
  std::optional<WallTime> oldest;
  {
    Lock lock(mutex_);
    cursor = cursor_.state();
    // The first unsettled record that was read is the one at the watermark.
    if (!unsettled_.empty()) oldest = unsettled_.begin()->second.arrived;
    // But carried records arrived earlier than their neighbors.
    if (!copies_arrived_.empty()) {
      oldest = std::min(oldest.value_or(WallTime::max()), *copies_arrived_.begin());
    }
  }
  // Read the totals after the cursor: then everything settled is included in what was published.
  LaneBooks books = books_of(cursor, table_.published());
  books.backlog_bytes = table_.bytes_from(cursor.watermark, cursor.position);
  books.oldest_unsettled = oldest ? oldest : arrival_at(cursor.watermark, cursor.position);
  return books;
}

// The reader has not reached the record (or it was just published), so read only its header.
std::optional<WallTime> FileJournalLane::arrival_at(uint64_t sequence, Position known) const {
  const auto view = table_.find(sequence);
  if (!view || !view->segment.readable) return std::nullopt;
  const Segment& segment = view->segment;
  const auto file = files_.open(folder_ + "/" + segment_name(segment.number), OpenMode::kRead);
  if (!file) return std::nullopt;  // damaged, or settled and recycled in the meantime
  std::array<char, kRecordHeaderBytes> bytes;
  const auto n = (*file)->read_at(offset_in(segment, sequence, known), bytes);
  if (!n) return std::nullopt;
  const auto header = decode_record_header({bytes.data(), *n}, segment.number);
  if (!header || header->sequence != sequence) return std::nullopt;
  if (header->carried_for && *header->carried_for != lane_tag(name_)) return std::nullopt;
  return from_unix_nanos(header->arrived_unix_nanos);
}

Backlog FileJournalLane::backlog() const {
  Backlog backlog;
  Position position;
  {
    Lock lock(mutex_);
    backlog.oldest = cursor_.state().watermark;
    position = cursor_.state().position;
  }
  backlog.bytes = table_.bytes_from(backlog.oldest, position);
  return backlog;
}

bool FileJournalLane::caught_up() const {
  uint64_t watermark = 0;
  {
    Lock lock(mutex_);
    watermark = cursor_.state().watermark;
    if (cursor_.state().carried > 0) return false;
  }
  return watermark >= table_.published().records;
}

}  // namespace dualtrace::agent
