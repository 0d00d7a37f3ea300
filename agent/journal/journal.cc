// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/journal.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "agent/journal/append_queue.h"
#include "agent/journal/cursor_file.h"
#include "agent/journal/disk_reserve.h"
#include "agent/journal/file_journal_lane.h"
#include "agent/journal/fresh_records.h"
#include "agent/journal/group_writer.h"
#include "agent/journal/recovery.h"
#include "agent/journal/segment_store.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

constexpr auto kDiskInterval = std::chrono::seconds(5);
constexpr auto kIdleDiskInterval = std::chrono::seconds(10);

struct RestoredLane {
  std::string name;
  CursorState cursor;
  std::unique_ptr<CursorFile> file;
};

class FileJournal final : public Journal {
 public:
  FileJournal(const JournalOptions& options, FileSystem& files, Scheduler& scheduler,
              std::shared_ptr<SegmentStore> store, std::vector<RestoredLane> lanes)
      : segment_bytes_(options.segment_bytes),
        scheduler_(scheduler),
        store_(std::move(store)),
        fresh_(lanes.size(), options.fresh_bytes_max),
        reserve_(files, scheduler.clock(), options.folder, options.min_free, options.segment_bytes),
        writer_(options.durability, options.segment_bytes, *store_, fresh_, reserve_, scheduler),
        queue_(options.queue_bytes_max,
               options.durability == Durability::kDisk ? options.commit_delay : Duration(),
               scheduler, [this](std::vector<PendingAppend> group) { commit(std::move(group)); }) {
    watch_disk();
    for (RestoredLane& lane : lanes) {
      const size_t index = lanes_.size();
      // A recycling task may outlive an adopted journal, but not its store.
      auto recycle = [segments = store_, &scheduler] {
        scheduler.post([segments] { segments->recycle(); });
      };
      lanes_.emplace_back(lane.name, std::make_unique<FileJournalLane>(
                                         FileJournalLane::Parts{.name = lane.name,
                                                                .files = files,
                                                                .folder = options.folder,
                                                                .table = store_->table(),
                                                                .fresh = fresh_,
                                                                .scheduler = scheduler,
                                                                .index = index,
                                                                .cursor = std::move(lane.cursor),
                                                                .cursor_file = std::move(lane.file),
                                                                .recycle = std::move(recycle),
                                                                .append = append_for_lane()}));
    }
  }

  void append(std::string payload, uint32_t spans, Stored done) override {
    submit({.payload = std::move(payload),
            .spans = spans,
            .arrived = scheduler_.clock().wall(),
            .done = std::move(done)});
  }

  [[nodiscard]] Totals totals() const override { return store_->table().published(); }
  [[nodiscard]] Health health() const override {
    Health health = store_->health();
    health.commits = commits_;
    return health;
  }

  void allow_segments(uint64_t segments_max) override {
    scheduler_.post([store = store_, segments_max] { store->allow(segments_max); });
  }

  void keep_free(DiskShare min_free) override {
    scheduler_.post([this, min_free] {
      reserve_.keep(min_free);
      watch_disk();
    });
  }

  void give_back(std::function<void()> done) override {
    scheduler_.post([this, done = std::move(done)] {
      writer_.give_back();
      done();
    });
  }

  JournalLane& lane(const std::string& name) override {
    const auto found = std::find_if(lanes_.begin(), lanes_.end(),
                                    [&name](const auto& lane) { return lane.first == name; });
    DT_CHECK(found != lanes_.end());
    return *found->second;
  }

 private:
  // Checks the disk now and every few seconds, as long as a reserve is configured.
  void watch_disk() {
    writer_.look_at_disk();
    if (!reserve_.keeps_anything() || std::exchange(disk_watched_, true)) return;
    const bool written = std::exchange(commits_at_look_, commits_) != commits_;
    const bool idle = !written && !reserve_.is_short();
    scheduler_.run_after(idle ? kIdleDiskInterval : kDiskInterval, [this] {
      disk_watched_ = false;
      watch_disk();
    });
  }

  [[nodiscard]] std::function<void(PendingAppend)> append_for_lane() {
    return [this](PendingAppend append) { submit(std::move(append)); };
  }

  void submit(PendingAppend append) {
    const uint64_t bytes_max = segment_bytes_ - kSegmentHeaderBytes - kRecordHeaderBytes;
    if (append.payload.size() > bytes_max) {
      return refuse({.kind = ErrorKind::kExhausted,
                     .message = "the request is larger than a journal segment"},
                    std::move(append.done));
    }
    if (!queue_.push(append)) {
      refuse({.kind = ErrorKind::kUnavailable,
              .message = "the journal's queue is full",
              .retry_after = std::chrono::seconds(1)},
             std::move(append.done));
    }
  }

  void refuse(Error error, Stored done) {
    scheduler_.post([error = std::move(error), done = std::move(done)] { done(fail(error)); });
  }

  void commit(std::vector<PendingAppend> group) {
    std::vector<GroupWriter::Written> outcomes;
    uint64_t written = 0;
    for (std::span<PendingAppend> rest(group); !rest.empty();) {
      outcomes.push_back(writer_.write(rest));
      written += outcomes.back().status ? 1 : 0;
      rest = rest.subspan(outcomes.back().count);
    }
    commits_ += written;
    if (written > 0) {
      for (auto& [name, lane] : lanes_) lane->notify_published();
    }
    auto append = group.begin();
    for (const GroupWriter::Written& outcome : outcomes) {
      for (size_t i = 0; i < outcome.count; ++i, ++append) append->done(outcome.status);
    }
  }

  const uint64_t segment_bytes_;
  Scheduler& scheduler_;
  const std::shared_ptr<SegmentStore> store_;
  FreshRecords fresh_;
  DiskReserve reserve_;           // scheduler only
  GroupWriter writer_;            // scheduler only
  bool disk_watched_ = false;     // scheduler only
  uint64_t commits_at_look_ = 0;  // scheduler only
  std::vector<std::pair<std::string, std::unique_ptr<FileJournalLane>>> lanes_;

  AppendQueue queue_;
  std::atomic<uint64_t> commits_{0};
};

std::string cursor_path(const JournalOptions& options, const std::string& lane) {
  return options.folder + "/cursor-" + lane;
}

bool is_lane(const JournalOptions& options, const std::string& name) {
  return std::find(options.lanes.begin(), options.lanes.end(), name) != options.lanes.end();
}

// A lane that is no longer configured must not hold back segments.
Status remove_other_cursors(const JournalOptions& options, FileSystem& files,
                            const RecoveredJournal& recovered) {
  std::vector<std::string> others = recovered.damaged_cursors;
  for (const auto& [lane, slot] : recovered.cursors) others.push_back(lane);
  for (const std::string& lane : others) {
    if (is_lane(options, lane)) continue;
    const auto slot = recovered.cursors.find(lane);
    uint64_t spans = 0;
    if (slot != recovered.cursors.end()) {
      spans = books_of(slot->second.state, recovered.published).backlog_spans;
    }
    if (spans > 0) {
      log_error("a lane is no longer configured; its backlog is discarded",
                {{"lane", lane}, {"spans", spans}});
    } else {
      log_info("a lane is no longer configured", {{"lane", lane}});
    }
    if (Status removed = files.remove(cursor_path(options, lane)); !removed) return removed;
  }
  // Segments are now recycled regardless of these lanes, so their cursors must not reappear after a
  // power loss, not even one that an earlier agent removed.
  return files.sync_folder(options.folder);
}

// The lane continues at its cursor; at the first existing record if the cursor is damaged; at the
// end if the lane is new to this journal.
Result<RestoredLane> restore_lane(const JournalOptions& options, FileSystem& files,
                                  const std::string& name, const RecoveredJournal& recovered) {
  const std::string path = cursor_path(options, name);
  const auto known = recovered.cursors.find(name);
  if (known != recovered.cursors.end()) {
    CursorState state = resumed(known->second.state, recovered.published.records);
    state.published = recovered.published;
    const bool first_version = known->second.version == 1;
    if (first_version) state.voids.clear();  // nothing was carried over then
    auto file = first_version ? CursorFile::create(files, path, state)
                              : CursorFile::open(files, path, known->second.generation);
    if (!file) return fail(std::move(file).error());
    // Segments are recycled based on the cursor that was read, so it must be durable.
    if (!first_version) {
      const Status durable = (*file)->make_durable(known->second.state);
      if (!durable) return fail(durable.error());
    }
    if (Status stored = (*file)->store(state); !stored) return fail(stored.error());
    return RestoredLane{.name = name, .cursor = std::move(state), .file = *std::move(file)};
  }
  const auto& damaged = recovered.damaged_cursors;
  CursorState cursor;
  cursor.origin = recovered.published;
  cursor.position.segment = recovered.next_number - 1;
  if (std::find(damaged.begin(), damaged.end(), name) != damaged.end()) {
    log_error(
        "a lane's cursor is damaged; everything that the journal still holds is delivered again",
        {{"lane", name}});
    if (!recovered.segments.empty()) {
      cursor.origin = recovered.segments.front().base;
      cursor.position.segment = recovered.segments.front().number;
    }
    // This includes records that the lane had carried over: their originals may no longer exist.
    cursor.rebuilt_to = recovered.published.records;
    cursor.taken_to = cursor.origin.records;
  }
  cursor.known_to = recovered.published.records;
  cursor.published = recovered.published;
  cursor.watermark = cursor.origin.records;
  auto file = CursorFile::create(files, path, cursor);
  if (!file) return fail(std::move(file).error());
  return RestoredLane{.name = name, .cursor = std::move(cursor), .file = *std::move(file)};
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options, FileSystem& files,
                                               Scheduler& scheduler) {
  if (options.segment_bytes <= kSegmentHeaderBytes + kRecordHeaderBytes) {
    return fail(ErrorKind::kInvalid, "journal: segments are too small to hold a record");
  }
  if (Status made = files.make_folders(options.folder); !made) return fail(made.error());
  const Result<RecoveredJournal> recovered =
      recover_journal(files, options.folder,
                      options.unreadable_is_damaged ? Unreadable::kDamaged : Unreadable::kWait);
  if (!recovered) return fail(recovered.error());
  if (Status removed = remove_other_cursors(options, files, *recovered); !removed) {
    return fail(removed.error().with_prefix("journal: remove a cursor: "));
  }
  std::vector<RestoredLane> lanes;
  std::vector<uint64_t> durable;
  for (const std::string& name : options.lanes) {
    Result<RestoredLane> lane = restore_lane(options, files, name, *recovered);
    if (!lane) return fail(lane.error().with_prefix("journal: cursor of " + name + ": "));
    durable.push_back(lane->cursor.watermark);
    lanes.push_back(*std::move(lane));
  }
  const SegmentStore::Options store_options{.folder = options.folder,
                                            .segment_bytes = options.segment_bytes,
                                            .segments_max = options.segments_max,
                                            .keeps_spares = options.keeps_spares};
  auto store = std::make_shared<SegmentStore>(store_options, files, *recovered, std::move(durable));
  return std::unique_ptr<Journal>(
      std::make_unique<FileJournal>(options, files, scheduler, std::move(store), std::move(lanes)));
}

}  // namespace dualtrace::agent
