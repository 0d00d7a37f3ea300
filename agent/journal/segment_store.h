// SPDX-License-Identifier: Apache-2.0
#pragma once
// SegmentStore: the segment files of one journal: begins new ones, recycles those that all lanes
// have passed and sets damaged ones aside. Its table lists the segments. Used from one
// thread (the journal's), except health() and table(), which are thread-safe.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/journal/segment_table.h"
#include "common/io/file_system.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

struct RecoveredJournal;

class SegmentStore {
 public:
  struct Options {
    std::string folder;
    uint64_t segment_bytes = 0;
    uint64_t segments_max = 0;
    bool keeps_spares = true;
  };
  // `durable` has each lane's watermark. `files` must outlive the store.
  SegmentStore(Options options, FileSystem& files, const RecoveredJournal& recovered,
               std::vector<uint64_t> durable);

  [[nodiscard]] SegmentTable& table() { return table_; }

  struct NewSegment {
    uint64_t number = 0;
    std::unique_ptr<File> file;
    // Its blocks after the header were never written, and it is likely to be used again.
    bool worth_filling = false;
  };
  // Begins a segment after everything that is published. It is durable and in the table on return.
  // kExhausted if the disk or the journal is full.
  Result<NewSegment> begin();
  // Call after a failed write: the segment accepts no more records, and is removed at once if it
  // has none.
  void abandon(uint64_t number);
  // Releases the segments that every lane has passed.
  void recycle();
  // Whether the next begin() has to allocate a file.
  [[nodiscard]] bool must_allocate() const { return spares_.empty(); }
  // While `why` is not empty, the disk has too little space left for others: files kept for reuse
  // are removed, and no more are kept.
  void be_short_of_disk(const std::string& why);
  // Removes the files kept for reuse; no more are kept.
  void drop_spares();
  // Raises Options::segments_max.
  void allow(uint64_t segments_max);
  // The number of recycled segments. If it has grown, there may be room again.
  [[nodiscard]] uint64_t recycled() const { return recycled_; }
  [[nodiscard]] Journal::Health health() const;
  void set_refusing(bool refusing) { refusing_.store(refusing, std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::string path_of(uint64_t number) const;
  Result<NewSegment> take_file(uint64_t number);
  Status prepare(File& file, uint64_t number);
  void keep_or_remove(const Segment& segment);
  void set_aside(const Segment& segment);
  // A file that cannot be removed occupies space: it counts as a segment, and removing it is
  // retried.
  void remove(const std::string& path);
  void remove_again();
  void count_idle_files();

  const Options options_;
  uint64_t segments_max_;
  FileSystem& files_;
  SegmentTable table_;
  uint64_t next_number_;
  uint64_t recycled_ = 0;
  std::vector<uint64_t> spares_;         // numbers of recycled files
  std::vector<uint64_t> damaged_files_;  // numbers of those set aside, oldest first

  std::vector<std::string> unremoved_;  // paths
  bool keeps_spares_;

  // What health() reads from other threads.
  std::atomic<uint64_t> idle_files_{0};  // spares, damaged files, files to be removed
  std::atomic<uint64_t> damaged_segments_;
  std::atomic<bool> refusing_{false};
  mutable Mutex mutex_;
  std::string shortage_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
