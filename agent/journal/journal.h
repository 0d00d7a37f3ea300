// SPDX-License-Identifier: Apache-2.0
#pragma once
// Journal: the agent's write-ahead log in one folder. It stores every accepted request once; each
// lane reads it at its own pace through its JournalLane. It knows bytes and span counts, not spans.
//
// Flow: append() queues; the journal's scheduler writes a group with one pwritev and one fdatasync,
//   publishes it to the lanes, then calls the `Stored` callbacks. An append waits up to
//   commit_delay for others if others are likely (agent/journal/commit_pace.h).
// Guarantees: what was answered OK survives a power loss with Durability::kDisk; with kMemory, only
//   the end of the process, not of the node. A lane reads only what is published, never torn.
// Assumptions: one process owns the folder (agent/journal/folders.h).
// Limits: segments of fixed size, at most segments_max of them; records of at most segment_bytes -
//   4 KiB; appends waiting for a group at most queue_bytes_max.
// Errors: kUnavailable with a delay hint if the disk is full or has less than min_free left, or the
//   journal is full. A failed write or sync fails its group and seals the segment.
// Format: docs/journal_format.md.
// append(), totals(), health(), allow_segments() and keep_free() are thread-safe; lane() and the
// JournalLanes are described below.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/journal/journal_lane.h"
#include "common/error/result.h"
#include "common/io/disk_share.h"
#include "common/io/file_system.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

// The bytes that a segment needs in addition to the payload if a single record fills it.
inline constexpr uint64_t kSegmentOverheadBytes = 8 * 1024;

enum class Durability { kDisk, kMemory };

struct JournalOptions {
  std::string folder;
  Durability durability = Durability::kDisk;
  Duration commit_delay{};         // with kDisk: the maximum time that an append waits for others
  std::vector<std::string> lanes;  // their cursors hold segments; other cursors are removed
  uint64_t segment_bytes = 64 * 1024 * 1024;
  uint64_t segments_max = 1024;
  uint64_t queue_bytes_max = 64 * 1024 * 1024;
  // Set after enough retries: opening continues without headers and cursors that the disk fails to
  // read. Otherwise, opening fails with kCorrupt and changes nothing.
  bool unreadable_is_damaged = false;
  // Bytes of records to keep in memory for lanes that keep up; 0: they read from the disk.
  uint64_t fresh_bytes_max = 0;
  // The disk space to leave free for others: below it, the journal accepts nothing new.
  DiskShare min_free{};
  // Whether passed files are kept for reuse. A journal that is only drained removes them.
  bool keeps_spares = true;
};

class Journal {
 public:
  using Stored = std::function<void(Status)>;

  struct Totals {
    uint64_t records = 0;
    uint64_t spans = 0;
    uint64_t bytes = 0;  // of payload
  };
  struct Health {
    uint64_t segments = 0;
    uint64_t disk_bytes = 0;
    uint64_t damaged_segments = 0;  // set aside since the folder was created
    uint64_t commits = 0;           // groups written since the journal was opened
    bool refusing = false;          // the last group found no room, or less than min_free is left
    std::string refusal{};          // the reason, unless the journal is full
  };

  // Recovers the folder's content (in a time independent of the backlog) or starts with nothing.
  // Stop `scheduler` before destroying the journal; append() may be called before it runs.
  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, FileSystem& files,
                                               Scheduler& scheduler);
  virtual ~Journal() = default;

  // `done` is called exactly once, on the journal's scheduler, unless the scheduler is stopped
  // first.
  virtual void append(std::string payload, uint32_t spans, Stored done) = 0;
  [[nodiscard]] virtual Totals totals() const = 0;  // accepted since the folder was created
  [[nodiscard]] virtual Health health() const = 0;
  // Raises JournalOptions::segments_max, from any thread; a smaller number has no effect, since
  // the segments already exist.
  virtual void allow_segments(uint64_t segments_max) = 0;
  // Changes JournalOptions::min_free, from any thread.
  virtual void keep_free(DiskShare min_free) = 0;
  // Call at shutdown, after the lanes have synced and appends have stopped. If no lane has a
  // backlog, removes the segments and keeps only the cursors, with the books. `done` is called on
  // the journal's scheduler.
  virtual void give_back(std::function<void()> done) = 0;
  // The lane of that name in JournalOptions::lanes. It lives as long as the journal.
  virtual JournalLane& lane(const std::string& name) = 0;
};

}  // namespace dualtrace::agent
