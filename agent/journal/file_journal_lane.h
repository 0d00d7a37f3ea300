#pragma once
// FileJournalLane: the JournalLane over the segment files: a JournalReader in front, a Cursor
// behind, and between them the records that were read and are not settled yet. Thread rules as
// JournalLane; on_published's callback is called through notify_published().

#include <map>
#include <memory>
#include <string>

#include "agent/journal/cursor.h"
#include "agent/journal/cursor_file.h"
#include "agent/journal/journal_lane.h"
#include "agent/journal/journal_reader.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class FileJournalLane final : public JournalLane {
 public:
  struct Parts {
    FileSystem& files;
    std::string folder;
    SegmentTable& table;
    FreshRecords& fresh;
    const Clock& clock;
    size_t index = 0;  // among the table's durable watermarks and the takers of fresh records
    CursorState cursor;
    std::unique_ptr<CursorFile> cursor_file;
    std::function<void()> recycle;  // called when segments can go
  };
  explicit FileJournalLane(Parts parts);

  Result<JournalRead> read() override;
  void rewind() override;
  void settle(uint64_t sequence, const SpanCounts& counts) override;
  Status sync() override;
  void on_published(std::function<void()> notify) override;
  [[nodiscard]] LaneBooks books() const override;
  [[nodiscard]] bool caught_up() const override;

  void notify_published();  // on the journal's scheduler

 private:
  [[nodiscard]] std::unique_ptr<JournalReader> reader_at(const CursorState& cursor);
  [[nodiscard]] std::optional<int64_t> arrival_at(uint64_t sequence, Position known) const;

  FileSystem& files_;
  const std::string folder_;
  SegmentTable& table_;
  FreshRecords& fresh_;
  const Clock& clock_;
  const size_t index_;
  const std::function<void()> recycle_;

  // Lane thread only.
  std::unique_ptr<JournalReader> reader_;
  std::unique_ptr<CursorFile> cursor_file_;
  bool changed_ = false;  // since the cursor was last stored

  mutable Mutex mutex_;
  Cursor cursor_ DT_GUARDED_BY(mutex_);
  std::map<uint64_t, ReadMark> unsettled_ DT_GUARDED_BY(mutex_);  // read, by sequence
  std::function<void()> notify_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
