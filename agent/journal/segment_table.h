// SPDX-License-Identifier: Apache-2.0
#pragma once
// SegmentTable: which segments exist, how far they are published and how far each lane's durable
// cursor is. The journal's thread and the lanes' threads share it; it accesses no file.
// Thread-safe.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "agent/journal/format.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

struct Segment {
  uint64_t number = 0;
  uint64_t bytes = 0;        // of the file
  uint64_t bytes_to = 0;     // of this file and all files before it, since the process began
  JournalTotals base{};      // everything before it
  uint64_t readable_to = 0;  // records end here or before
  bool readable = true;      // false: its header is damaged
  bool damaged = false;      // to be set aside when every lane has passed it
};

class SegmentTable {
 public:
  // `segments` are sealed; `durable` has each lane's watermark.
  SegmentTable(std::deque<Segment> segments, JournalTotals published,
               std::vector<uint64_t> durable);

  // The writer's side. A new segment's base is what is published.
  void begin(uint64_t number, uint64_t bytes);
  void publish(JournalTotals published, uint64_t readable_to);
  void seal();
  // Removes the newest segment if nothing was published in it; returns whether it did.
  bool discard_empty(uint64_t number);

  // Takes sealed segments from the front, as far as every lane's durable watermark has passed.
  std::vector<Segment> take_passed();

  // Whether every lane's durable watermark is at the end of what is published.
  [[nodiscard]] bool all_passed() const;

  // The lanes' side.
  struct View {
    Segment segment;
    JournalTotals limit{};         // accepted up to the segment's end, or until now
    bool next_unreadable = false;  // the limit is that of the next one, too
  };
  // The segment that must hold the record, nullopt if it is not published.
  [[nodiscard]] std::optional<View> find(uint64_t sequence) const;
  void mark_damaged(uint64_t number);
  // Returns whether take_passed() has something to take now.
  bool set_durable(size_t lane, uint64_t watermark);

  [[nodiscard]] JournalTotals published() const;
  // The bytes that a lane with this oldest unsettled record keeps on the disk: segments from that
  // record's on, but only the part of the newest from the record on. 0 if there is no such record.
  [[nodiscard]] uint64_t bytes_from(uint64_t sequence, Position position) const;
  // The bytes of files with records of [first, end) but none after; excludes the newest file.
  [[nodiscard]] uint64_t bytes_between(uint64_t first, uint64_t end) const;
  [[nodiscard]] uint64_t size() const;
  [[nodiscard]] uint64_t bytes() const;

 private:
  [[nodiscard]] JournalTotals limit_of(size_t index) const DT_REQUIRES(mutex_);
  [[nodiscard]] bool front_passed() const DT_REQUIRES(mutex_);
  [[nodiscard]] bool all_durable_at(uint64_t end) const DT_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::deque<Segment> segments_ DT_GUARDED_BY(mutex_);
  JournalTotals published_ DT_GUARDED_BY(mutex_);
  std::vector<uint64_t> durable_ DT_GUARDED_BY(mutex_);
  uint64_t bytes_to_ DT_GUARDED_BY(mutex_) = 0;  // the last segment's, even after it is removed
  bool writing_ DT_GUARDED_BY(mutex_) = false;   // the newest segment is not sealed
};

}  // namespace dualtrace::agent
