// SPDX-License-Identifier: Apache-2.0
#pragma once
// FileJournalLane: implements JournalLane on the segment files: a JournalReader in front, a Cursor
// behind, and in between the records that were read but not yet settled. Same thread rules as
// JournalLane; on_published()'s callback is called through notify_published().
//
// Carrying over: the copy is appended like any record. After the copy is synced and before it is
// published, the journal's thread settles the original here, so that a span is always in exactly
// one place. If another lane has taken over in the meantime (rewind()), it reads the original
// again, and the copy is void. copies_ holds the copies that are known to exist. If the cursor
// counts more when the reader is at the end, the others were lost with a damaged segment.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/journal/cursor.h"
#include "agent/journal/cursor_file.h"
#include "agent/journal/group_writer.h"
#include "agent/journal/journal_lane.h"
#include "agent/journal/journal_reader.h"
#include "common/log/log.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class FileJournalLane final : public JournalLane {
 public:
  struct Parts {
    std::string name;
    FileSystem& files;
    std::string folder;
    SegmentTable& table;
    FreshRecords& fresh;
    Scheduler& scheduler;  // the journal's
    size_t index = 0;      // among the table's durable watermarks and the readers of fresh records
    CursorState cursor;
    std::unique_ptr<CursorFile> cursor_file;
    std::function<void()> recycle;  // called when segments can be recycled
    std::function<void(PendingAppend)> append;
  };
  explicit FileJournalLane(Parts parts);

  Result<JournalRead> read() override;
  void rewind() override;
  void settle(uint64_t sequence, const SpanCounts& counts) override;
  Result<JournalRecord> read_again(uint64_t sequence) override;
  void carry_over(CarryOver rest, std::function<void(Status)> done) override;
  [[nodiscard]] std::optional<PinnedSegment> pinned(size_t records_max) const override;
  Status sync() override;
  void note(std::string text) override;
  std::string take_note() override;
  void on_published(std::function<void()> notify) override;
  [[nodiscard]] LaneBooks books() const override;
  [[nodiscard]] Backlog backlog() const override;
  [[nodiscard]] bool caught_up() const override;

  void notify_published();  // on the journal's scheduler

 private:
  // A carry_over() that is not stored yet; the number distinguishes it from one of an earlier lane.
  struct Carrying {
    uint64_t sequence = 0;
    uint64_t number = 0;
    SpanCounts ended{};
  };

  [[nodiscard]] std::unique_ptr<JournalReader> reader_at(const CursorState& cursor);
  // What read() returns for it; nullopt: nothing, continue with the next record.
  std::optional<JournalRead> take(StoredRecord record);
  std::optional<JournalRead> take(const JournalReader::OthersRecord& record);
  std::optional<JournalRead> take(const LostRecords& lost);
  std::optional<JournalRead> take(const JournalEnd& end);
  // On the journal's scheduler.
  void copy_synced(const Carrying& carrying, const ReadMark& copy, const JournalTotals& published);
  Status copy_refused(const Carrying& carrying, Status status);
  void know(const ReadMark& copy) DT_REQUIRES(mutex_);
  void forget_copy(uint64_t sequence) DT_REQUIRES(mutex_);
  void store_note();
  [[nodiscard]] std::string note_path() const { return folder_ + "/note-" + name_; }
  [[nodiscard]] std::optional<WallTime> arrival_at(uint64_t sequence, Position known) const;

  FileSystem& files_;
  const std::string name_;
  const std::string folder_;
  SegmentTable& table_;
  FreshRecords& fresh_;
  Scheduler& scheduler_;
  const size_t index_;
  const std::function<void()> recycle_;
  const std::function<void(PendingAppend)> append_;
  const uint64_t opened_at_;  // records published when this process opened the journal

  // Lane thread only.
  std::unique_ptr<JournalReader> reader_;
  std::unique_ptr<CursorFile> cursor_file_;
  uint64_t changes_stored_ = 0;
  std::optional<std::string> unstored_note_;
  bool note_taken_ = false;
  LogLimiter note_log_{std::chrono::minutes(1)};

  mutable Mutex mutex_;
  Cursor cursor_ DT_GUARDED_BY(mutex_);
  uint64_t changes_ DT_GUARDED_BY(mutex_) = 0;                    // of the cursor
  std::map<uint64_t, ReadMark> unsettled_ DT_GUARDED_BY(mutex_);  // read, by sequence
  std::map<uint64_t, uint64_t> carrying_ DT_GUARDED_BY(mutex_);   // by sequence: the number
  uint64_t carry_overs_ DT_GUARDED_BY(mutex_) = 0;
  JournalTotals copied_to_ DT_GUARDED_BY(mutex_);                 // published with the last copy
  std::map<uint64_t, ReadMark> copies_ DT_GUARDED_BY(mutex_);     // unsettled, by sequence
  std::multiset<WallTime> copies_arrived_ DT_GUARDED_BY(mutex_);  // when they arrived
  uint64_t copied_spans_ DT_GUARDED_BY(mutex_) = 0;               // in copies_
  std::function<void()> notify_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
