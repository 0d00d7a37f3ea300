// SPDX-License-Identifier: Apache-2.0
#pragma once
// GroupWriter: writes groups of records to the newest segment with one write and one sync each, and
// begins a new segment when one is full or fails. It only appends to segments that it began itself.
// Used from one thread (the journal's).

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/journal/disk_reserve.h"
#include "agent/journal/fresh_records.h"
#include "agent/journal/journal.h"
#include "agent/journal/segment_store.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

struct PendingAppend {
  std::string payload;
  uint32_t spans = 0;
  WallTime arrived;
  Journal::Stored done;
  // Set for a record that a lane carries over. It is synced regardless of the durability, because
  // its original is settled. `synced` is called after the sync and before the record is readable,
  // with the totals that are published next.
  std::optional<uint32_t> carried_for{};
  std::function<void(const ReadMark&, const JournalTotals&)> synced{};
};

class GroupWriter {
 public:
  // The references must outlive the writer; stop the scheduler before destroying it.
  GroupWriter(Durability durability, uint64_t segment_bytes, SegmentStore& store,
              FreshRecords& fresh, DiskReserve& reserve, Scheduler& scheduler);
  ~GroupWriter();
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  struct Written {
    size_t count = 0;  // how many of the first appends share the outcome; at least one
    Status status;
  };
  // Stores and publishes as many of the first appends as fit into one segment, or refuses them all.
  // Takes the payloads of those that it stores.
  Written write(std::span<PendingAppend> group);

  // Checks whether the disk has enough space left for others. If not, only carried records are
  // written, if the newest segment has room for them. That segment is removed, too, once everything
  // in it is settled.
  void look_at_disk();
  // Nothing is appended after this call: once no lane waits for any record, all files are removed.
  void give_back();

 private:
  // Makes room for a record of that size.
  Status make_room(uint64_t record_bytes);
  Status write_records(std::span<PendingAppend> group);
  // The zeros to write after a group that ends there.
  [[nodiscard]] uint64_t fill_after(uint64_t group_bytes, uint64_t end) const;
  Status sync_group(std::span<const PendingAppend> group);
  void publish(std::span<PendingAppend> group);
  void be_short_of_disk();
  void let_go_of_newest();
  [[nodiscard]] bool may_be_carried(const PendingAppend& append) const;
  Written refuse_short(std::span<const PendingAppend> group) const;
  void seal();
  void abandon();
  Status refuse(const Error& error);
  void probe_later();
  void sync_later();
  void sync_now();

  const Durability durability_;
  const uint64_t segment_bytes_;
  SegmentStore& store_;
  FreshRecords& fresh_;
  DiskReserve& reserve_;
  Scheduler& scheduler_;

  SegmentStore::NewSegment current_;  // no file: the next group begins a segment
  uint64_t offset_ = 0;
  uint64_t filled_to_ = 0;  // in a segment that is worth filling
  bool unsynced_ = false;   // Durability::kMemory: a sync is due

  std::optional<Error> refusal_;  // the answer to groups until refused_until_
  Tick refused_until_;
  uint64_t recycled_at_refusal_ = 0;
  bool probing_ = false;
  bool told_short_ = false;
};

}  // namespace dualtrace::agent
