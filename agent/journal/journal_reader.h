// SPDX-License-Identifier: Apache-2.0
#pragma once
// JournalReader: reads one lane's records through the segments, forward only. It skips what the
// lane had settled before the reader was created, and takes records from memory if they are still
// there. It counts unreadable records exactly: each segment's header states what had been accepted
// before it. For records that other lanes carried over, it returns only the mark. Used from one
// thread (the lane's).

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/journal/cursor.h"
#include "agent/journal/fresh_records.h"
#include "agent/journal/segment_reader.h"
#include "agent/journal/segment_table.h"
#include "common/bytes/shared_bytes.h"
#include "common/io/file_system.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class JournalReader {
 public:
  struct OthersRecord {
    ReadMark mark;
  };
  using Step = std::variant<JournalEnd, StoredRecord, OthersRecord, LostRecords>;
  struct Lane {
    size_t index = 0;  // among the readers of fresh records
    uint32_t tag = 0;
  };

  // Begins at the cursor's watermark. The references outlive the reader.
  JournalReader(FileSystem& files, std::string folder, SegmentTable& table, FreshRecords& fresh,
                Lane lane, const Clock& clock, const CursorState& cursor);

  // kUnavailable while a segment cannot be opened or read. If the disk reports read
  // errors (kCorrupt) for ten minutes, the unreadable part counts as lost, so that a bad sector
  // cannot block a lane forever: the record if its header is intact, else the rest of the segment.
  // Nothing else counts as damage: without descriptors, memory or permission, the lane waits as
  // long as necessary.
  Result<Step> next();

 private:
  Result<Step> try_next();
  // False if the segment has no header, or its file is gone while the folder exists.
  Result<bool> open_segment(const Segment& segment);
  // The payload at the read position; nullopt if it is damaged.
  Result<std::optional<SharedBytes>> read_payload(const RecordHeader& header);
  // Whether the record was settled before the reader was created. If so, excludes it from losses.
  bool take_settled(uint64_t sequence, uint64_t spans, uint64_t bytes);
  void step_over(uint64_t spans, uint64_t bytes, Position after);
  // Loses everything up to the segment's end. JournalEnd{} if all of that was already settled.
  Step lose_rest(const SegmentTable::View& view);
  Step lose_record(const RecordHeader& header);
  [[nodiscard]] ReadMark mark_of(const RecordHeader& header) const;
  [[nodiscard]] bool is_others(const ReadMark& mark) const {
    return mark.carried_for && *mark.carried_for != lane_.tag;
  }
  // Whether reading this place has been retried for long enough.
  [[nodiscard]] bool to_give_up(const Error& error);
  [[nodiscard]] Result<bool> is_gone(const Segment& segment) const;
  Step give_up();

  FileSystem& files_;
  const std::string folder_;
  SegmentTable& table_;
  FreshRecords& fresh_;
  const Lane lane_;
  const Clock& clock_;
  JournalTotals at_;  // accepted before the read position
  Position position_;
  std::vector<SettledRange> settled_;  // before the reader existed, ahead of the read position
  std::unique_ptr<SegmentReader> segment_;

  // Since the last successful read, at the read position.
  int failures_ = 0;
  Tick first_failure_{};
  std::optional<RecordHeader> unread_payload_;  // only the header could be read
};

// Where the record `sequence` begins in its segment, if `known` is where the one before it ended.
// The segment's end if that is unknown.
[[nodiscard]] uint64_t offset_in(const Segment& segment, uint64_t sequence, Position known);

}  // namespace dualtrace::agent
