// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/group_writer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

constexpr auto kRetryAfterFailure = std::chrono::seconds(1);
constexpr auto kRetryAfterFull = std::chrono::seconds(5);
constexpr auto kMemorySyncInterval = std::chrono::seconds(1);

// The first group in a block that was only allocated costs a file system with a journal another
// flush of the disk, to record that the block is in use. So in a new file, one small group in a
// while is written with zeros behind it. Larger groups need few syncs.
constexpr uint64_t kFillBytes = 256 * 1024;
constexpr uint64_t kFilledGroupBytesMax = 64 * 1024;
constexpr std::array<char, 16 * 1024> kZeros{};

uint64_t record_bytes(const PendingAppend& append) {
  return kRecordHeaderBytes + append.payload.size();
}

// How many appends at the front are of the same kind as the first one: carried over, or not.
size_t run_of(std::span<const PendingAppend> group) {
  const auto other = std::find_if(group.begin(), group.end(), [&](const PendingAppend& append) {
    return append.carried_for.has_value() != group.front().carried_for.has_value();
  });
  return static_cast<size_t>(other - group.begin());
}

}  // namespace

GroupWriter::GroupWriter(Durability durability, uint64_t segment_bytes, SegmentStore& store,
                         FreshRecords& fresh, DiskReserve& reserve, Scheduler& scheduler)
    : durability_(durability),
      segment_bytes_(segment_bytes),
      store_(store),
      fresh_(fresh),
      reserve_(reserve),
      scheduler_(scheduler) {}

GroupWriter::~GroupWriter() {
  if (unsynced_ && current_.file) {
    ignore(current_.file->sync(), "nothing was promised about it, and nobody is left to report to");
  }
}

// Carrying over releases whole segments, so it may use space that is already allocated.
bool GroupWriter::may_be_carried(const PendingAppend& append) const {
  return append.carried_for && current_.file && offset_ + record_bytes(append) <= segment_bytes_;
}

GroupWriter::Written GroupWriter::refuse_short(std::span<const PendingAppend> group) const {
  return {run_of(group), fail({.kind = ErrorKind::kUnavailable,
                               .message = "journal: " + reserve_.why(),
                               .retry_after = kRetryAfterFull})};
}

GroupWriter::Written GroupWriter::write(std::span<PendingAppend> group) {
  if (reserve_.is_short()) {
    if (!may_be_carried(group.front())) return refuse_short(group);
    group = group.first(run_of(group));
  }
  const bool waiting =
      scheduler_.clock().tick() < refused_until_ && store_.recycled() == recycled_at_refusal_;
  // Do not retry a disk that has just failed with every group.
  if (refusal_ && waiting) return {group.size(), fail(*refusal_)};
  if (Status room = make_room(record_bytes(group.front())); !room) {
    if (reserve_.is_short()) return refuse_short(group);
    return {group.size(), refuse(room.error())};
  }
  size_t count = 0;
  for (uint64_t end = offset_; count < group.size(); ++count) {
    end += record_bytes(group[count]);
    if (end > segment_bytes_) break;
  }
  // It is unknown whether a failed write or sync left anything on the disk, and another sync may
  // return OK without having written. So nothing more is appended to this segment.
  if (Status written = write_records(group.first(count)); !written) {
    abandon();
    return {group.size(), refuse(written.error())};
  }
  refusal_.reset();
  store_.set_refusing(false);
  return {count, {}};
}

Status GroupWriter::make_room(uint64_t bytes) {
  if (current_.file && offset_ + bytes <= segment_bytes_) return {};
  seal();
  if (store_.must_allocate() && reserve_.look_before_a_file()) {
    be_short_of_disk();
    return fail(ErrorKind::kExhausted, reserve_.why());
  }
  Result<SegmentStore::NewSegment> begun = store_.begin();
  if (!begun) return fail(begun.error().with_prefix("journal: begin a segment: "));
  current_ = *std::move(begun);
  offset_ = kSegmentHeaderBytes;
  filled_to_ = offset_;
  return {};
}

Status GroupWriter::write_records(std::span<PendingAppend> group) {
  uint64_t sequence = store_.table().published().records;
  std::vector<std::string> headers;
  std::vector<std::string_view> pieces;
  headers.reserve(group.size());
  pieces.reserve(2 * group.size());
  auto rest = static_cast<uint32_t>(group.size());
  for (const PendingAppend& append : group) {
    const RecordHeader header{.payload_bytes = static_cast<uint32_t>(append.payload.size()),
                              .spans = append.spans,
                              .sequence = sequence++,
                              .arrived_unix_nanos = unix_nanos(append.arrived),
                              .group_rest = --rest,
                              .payload_crc = payload_crc(append.payload, current_.number),
                              .carried_for = append.carried_for};
    headers.push_back(encode_record_header(header, current_.number));
    pieces.push_back(headers.back());
    pieces.push_back(append.payload);
  }
  uint64_t bytes = 0;
  for (const std::string_view piece : pieces) bytes += piece.size();
  const uint64_t fill = fill_after(bytes, offset_ + bytes);
  for (uint64_t left = fill; left > 0; left -= pieces.back().size()) {
    pieces.emplace_back(kZeros.data(), std::min<uint64_t>(left, kZeros.size()));
  }
  if (Status written = current_.file->write_at(offset_, pieces); !written) return written;
  if (Status synced = sync_group(group); !synced) return synced;
  filled_to_ = std::max(filled_to_, offset_ + bytes + fill);
  publish(group);
  return {};
}

// Nothing is lost if a crash undoes it: what is allocated and was never written also reads as
// zeros.
uint64_t GroupWriter::fill_after(uint64_t group_bytes, uint64_t end) const {
  const bool syncs_often = durability_ == Durability::kDisk && group_bytes <= kFilledGroupBytesMax;
  if (!current_.worth_filling || !syncs_often || end <= filled_to_) return 0;
  return std::min(kFillBytes, segment_bytes_ - end);
}

Status GroupWriter::sync_group(std::span<const PendingAppend> group) {
  const bool carries = std::any_of(group.begin(), group.end(),
                                   [](const auto& append) { return append.carried_for; });
  if (durability_ == Durability::kDisk || carries) return current_.file->sync();
  sync_later();
  return {};
}

// The order matters. First `synced`: when a lane can read a carried record, it knows the record and
// has settled its original. Then the table: all fresh records that a lane finds are published.
void GroupWriter::publish(std::span<PendingAppend> group) {
  JournalTotals totals = store_.table().published();
  std::vector<StoredRecord> records;
  records.reserve(group.size());
  for (PendingAppend& append : group) {
    offset_ += record_bytes(append);
    const RecordInfo info{.sequence = totals.records,
                          .arrived = append.arrived,
                          .spans = append.spans,
                          .bytes = append.payload.size(),
                          .bytes_before = totals.bytes,
                          .carried_for = append.carried_for};
    records.push_back(
        {.mark = {info, {current_.number, offset_}}, .payload = std::move(append.payload)});
    totals.records += 1;
    totals.spans += records.back().mark.counted_spans();
    totals.bytes += records.back().mark.bytes;
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (group[i].synced) group[i].synced(records[i].mark, totals);
  }
  store_.table().publish(totals, offset_);
  for (StoredRecord& record : records) fresh_.add(std::move(record));
}

void GroupWriter::look_at_disk() {
  const bool was_short = reserve_.is_short();
  if (reserve_.look()) return be_short_of_disk();
  if (!was_short) return;
  told_short_ = false;
  store_.be_short_of_disk("");
  log_info("the disk has enough space again; the journal accepts data");
}

// Ensures that an idle export, once everything is settled, occupies no disk space that others need.
void GroupWriter::be_short_of_disk() {
  const std::string why = reserve_.why();
  if (!std::exchange(told_short_, true)) {
    log_warn("the journal refuses new data and removes the files that it does not need",
             {{"why", why}});
  }
  store_.be_short_of_disk(why);
  let_go_of_newest();
}

void GroupWriter::give_back() {
  if (!store_.table().all_passed()) return;
  store_.drop_spares();
  let_go_of_newest();
}

void GroupWriter::let_go_of_newest() {
  if (!store_.table().all_passed()) return;
  seal();
  store_.recycle();
}

void GroupWriter::seal() {
  if (!current_.file) return;
  sync_now();
  store_.table().seal();
  current_ = {};
}

// Nothing else would sync the groups before the failed one.
void GroupWriter::abandon() {
  if (std::exchange(unsynced_, false)) {
    if (Status synced = current_.file->sync(); !synced) {
      log_warn("cannot sync the journal", {{"error", synced.error().message}});
    }
  }
  current_.file.reset();
  store_.abandon(current_.number);
}

// A full disk stays full for a while. During the delay, groups are refused without another attempt,
// unless segments have been recycled since.
Status GroupWriter::refuse(const Error& error) {
  const bool full = error.kind == ErrorKind::kExhausted;
  refusal_ = Error{.kind = ErrorKind::kUnavailable,
                   .message = error.message,
                   .retry_after = full ? kRetryAfterFull : kRetryAfterFailure};
  refused_until_ = scheduler_.clock().tick() + kRetryAfterFailure;
  recycled_at_refusal_ = store_.recycled();
  store_.set_refusing(full);
  log_warn("the journal refuses new data", {{"error", error.message}});
  if (full) probe_later();
  return fail(*refusal_);
}

// The caller may watch health() and send no new data while the journal refuses. Without a probe, no
// group would ever find out that there is room again.
void GroupWriter::probe_later() {
  if (std::exchange(probing_, true)) return;
  scheduler_.run_after(kRetryAfterFull, [this] {
    probing_ = false;
    if (current_.file || !store_.health().refusing) return;
    if (Status room = make_room(segment_bytes_ - kSegmentHeaderBytes); room) {
      refusal_.reset();
      store_.set_refusing(false);
    } else {
      probe_later();
    }
  });
}

void GroupWriter::sync_later() {
  if (std::exchange(unsynced_, true)) return;
  scheduler_.run_after(kMemorySyncInterval, [this] { sync_now(); });
}

void GroupWriter::sync_now() {
  if (!std::exchange(unsynced_, false) || !current_.file) return;
  if (Status synced = current_.file->sync(); !synced) {
    log_warn("cannot sync the journal", {{"error", synced.error().message}});
    abandon();
  }
}

}  // namespace dualtrace::agent
