// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/segment_store.h"

#include <algorithm>
#include <utility>

#include "agent/journal/recovery.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kSparesMax = 2;
constexpr size_t kDamagedFilesMax = 2;

}  // namespace

SegmentStore::SegmentStore(Options options, FileSystem& files, const RecoveredJournal& recovered,
                           std::vector<uint64_t> durable)
    : options_(std::move(options)),
      segments_max_(options_.segments_max),
      files_(files),
      table_(recovered.segments, recovered.published, std::move(durable)),
      next_number_(recovered.next_number),
      damaged_files_(recovered.damaged_files),
      keeps_spares_(options_.keeps_spares),
      damaged_segments_(recovered.damaged_segments) {
  // Passed before the restart: damage in them was counted then.
  for (const Segment& segment : table_.take_passed()) keep_or_remove(segment);
  count_idle_files();
}

Result<SegmentStore::NewSegment> SegmentStore::begin() {
  remove_again();
  if (table_.size() + unremoved_.size() >= segments_max_) {
    return fail(ErrorKind::kExhausted,
                "the journal is full: it has the maximum number of segments");
  }
  const uint64_t number = next_number_++;
  Result<NewSegment> begun = take_file(number);
  if (!begun) remove(path_of(number));
  count_idle_files();
  if (begun) table_.begin(number, options_.segment_bytes);
  return begun;
}

Result<SegmentStore::NewSegment> SegmentStore::take_file(uint64_t number) {
  const std::string path = path_of(number);
  bool recycled = false;
  if (!spares_.empty()) {
    const uint64_t spare = spares_.back();
    spares_.pop_back();
    recycled = files_.rename(path_of(spare), path).has_value();
    if (!recycled) remove(path_of(spare));
  }
  Result<std::unique_ptr<File>> file = files_.open(path, OpenMode::kCreate);
  if (!file) return fail(std::move(file).error());
  if (!recycled) {
    if (Status room = (*file)->allocate(options_.segment_bytes); !room) return fail(room.error());
  }
  if (Status prepared = prepare(**file, number); !prepared) return fail(prepared.error());
  return NewSegment{.number = number,
                    .file = *std::move(file),
                    .worth_filling = !recycled && table_.size() < kSparesMax};
}

// Until this is complete, the file's header names another segment or none, and recovery treats the
// file as a spare. Nothing is appended before then.
Status SegmentStore::prepare(File& file, uint64_t number) {
  const std::string header = encode_segment_header({.number = number,
                                                    .segment_bytes = options_.segment_bytes,
                                                    .base = table_.published(),
                                                    .damaged_segments = damaged_segments_.load()});
  const std::string_view pieces[] = {header};
  if (Status written = file.write_at(0, pieces); !written) return written;
  if (Status synced = file.sync(); !synced) return synced;
  return files_.sync_folder(options_.folder);
}

void SegmentStore::abandon(uint64_t number) {
  table_.seal();
  if (table_.discard_empty(number)) remove(path_of(number));
  count_idle_files();
}

void SegmentStore::recycle() {
  remove_again();
  for (const Segment& segment : table_.take_passed()) {
    if (segment.damaged) {
      set_aside(segment);
    } else {
      keep_or_remove(segment);
    }
    ++recycled_;
    set_refusing(false);
  }
  count_idle_files();
}

void SegmentStore::allow(uint64_t segments_max) {
  segments_max_ = std::max(segments_max_, segments_max);
}

void SegmentStore::be_short_of_disk(const std::string& why) {
  keeps_spares_ = options_.keeps_spares && why.empty();
  if (!why.empty()) drop_spares();
  Lock lock(mutex_);
  shortage_ = why;
}

void SegmentStore::drop_spares() {
  keeps_spares_ = false;
  remove_again();
  for (const uint64_t spare : std::exchange(spares_, {})) remove(path_of(spare));
  count_idle_files();
}

void SegmentStore::keep_or_remove(const Segment& segment) {
  const bool fits = segment.readable && segment.bytes == options_.segment_bytes;
  if (keeps_spares_ && fits && spares_.size() < kSparesMax &&
      table_.size() + spares_.size() < segments_max_) {
    spares_.push_back(segment.number);
  } else {
    remove(path_of(segment.number));
  }
}

void SegmentStore::set_aside(const Segment& segment) {
  ++damaged_segments_;
  const std::string path = options_.folder + "/" + damaged_name(segment.number);
  log_error("a journal segment is damaged and was set aside", {{"file", path}});
  if (Status renamed = files_.rename(path_of(segment.number), path); !renamed) {
    log_warn("cannot keep a damaged journal segment", {{"error", renamed.error().message}});
    remove(path_of(segment.number));
    return;
  }
  damaged_files_.push_back(segment.number);
  if (damaged_files_.size() > kDamagedFilesMax) {
    remove(options_.folder + "/" + damaged_name(damaged_files_.front()));
    damaged_files_.erase(damaged_files_.begin());
  }
}

Journal::Health SegmentStore::health() const {
  Journal::Health health;
  health.segments = table_.size();
  health.disk_bytes = table_.bytes() + idle_files_.load() * options_.segment_bytes;
  health.damaged_segments = damaged_segments_.load();
  Lock lock(mutex_);
  health.refusing = refusing_.load() || !shortage_.empty();
  health.refusal = shortage_;
  return health;
}

std::string SegmentStore::path_of(uint64_t number) const {
  return options_.folder + "/" + segment_name(number);
}

void SegmentStore::remove(const std::string& path) {
  const Status removed = files_.remove(path);
  if (removed || removed.error().kind == ErrorKind::kNotFound) return;
  log_warn("cannot remove a journal file", {{"error", removed.error().message}});
  unremoved_.push_back(path);
}

void SegmentStore::remove_again() {
  for (const std::string& path : std::exchange(unremoved_, {})) remove(path);
}

void SegmentStore::count_idle_files() {
  idle_files_ = spares_.size() + damaged_files_.size() + unremoved_.size();
}

}  // namespace dualtrace::agent
