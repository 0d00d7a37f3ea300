// SPDX-License-Identifier: Apache-2.0
#pragma once
// JournalLane: how one lane reads one journal: a reader in front, a durable cursor behind. The lane
// reads records forward, settles each of them exactly once in any order, and syncs
// periodically. A segment that every lane's durable cursor has passed is recycled.
// Used from one thread (the lane's), except books() and backlog(), which are thread-safe.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/bytes/shared_bytes.h"
#include "common/error/result.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// How spans ended, in the words of the ledger. All counts are spans.
struct SpanCounts {
  uint64_t delivered = 0;
  uint64_t rejected = 0;
  uint64_t dead_lettered = 0;
  uint64_t expired = 0;
  uint64_t filtered = 0;

  [[nodiscard]] uint64_t sum() const {
    return delivered + rejected + dead_lettered + expired + filtered;
  }
  SpanCounts& operator+=(const SpanCounts& other);
  bool operator==(const SpanCounts&) const = default;
};

// A lane's books in one journal, as of one moment: accepted always equals settled.sum() +
// backlog_spans. They are stored with the cursor, so that they match it after a crash.
struct LaneBooks {
  uint64_t accepted = 0;
  SpanCounts settled;
  uint64_t backlog_spans = 0;
  // The disk space that the lane's backlog occupies: whole segments, starting with that of its
  // oldest unsettled record and including the settled records in them, but only the part of the
  // newest segment from that record on.
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_unsettled;
};

// A record, except for its payload.
struct RecordInfo {
  uint64_t sequence = 0;
  WallTime arrived{};
  uint32_t spans = 0;
  uint64_t bytes = 0;         // of its payload
  uint64_t bytes_before = 0;  // of payload, accepted in total before this record
  // Set for a record that carry_over() wrote: lane_tag() of the only lane that reads it. It keeps
  // the arrival time of the original.
  std::optional<uint32_t> carried_for{};
};

struct JournalRecord : RecordInfo {
  SharedBytes payload;  // a serialized ExportTraceServiceRequest
};

// The rest of a record that has to wait longer than its neighbors.
struct CarryOver {
  uint64_t sequence = 0;  // of a record that was read and is not settled
  std::string payload;    // a serialized ExportTraceServiceRequest with the spans that are left
  uint32_t spans = 0;     // in there; at least one
  SpanCounts ended{};     // how the record's other spans ended
};

// A segment that a few records keep on the disk although everything else in it is
// settled.
struct PinnedSegment {
  std::vector<uint64_t> sequences;  // of those records, all of which were read
  uint64_t payload_bytes = 0;       // of those records
  uint64_t bytes = 0;               // on the disk, freed when they are settled or carried over
};

// What expiry queries after each record.
struct Backlog {
  uint64_t bytes = 0;   // LaneBooks::backlog_bytes
  uint64_t oldest = 0;  // sequence of the oldest unsettled record: settling others frees nothing
};

// Records [first, last] cannot be read: their segment is damaged and set aside. The reader has
// already settled them as dead-lettered; the lane only reports them. Carried records among them may
// be reported later, when the reader reaches the end without them. The range is then the whole
// journal.
struct JournalDamage {
  uint64_t first = 0;
  uint64_t last = 0;
  uint64_t spans = 0;
};

struct JournalEnd {};  // nothing more is published

using JournalRead = std::variant<JournalEnd, JournalRecord, JournalDamage>;

class JournalLane {
 public:
  virtual ~JournalLane() = default;

  // The next unsettled record at or after the read position.
  virtual Result<JournalRead> read() = 0;
  // Restarts reading at the first unsettled record: records that were read but not settled are read
  // again. Called by a lane that takes over from one that has ended.
  virtual void rewind() = 0;
  // Call exactly once for each record that was read. counts.sum() must equal the record's spans.
  virtual void settle(uint64_t sequence, const SpanCounts& counts) = 0;
  // Reads an unsettled record a second time, so that a lane that holds it back for long needs to
  // keep only its sequence. kUnavailable while the disk fails to read; kCorrupt if the record is
  // damaged: the lane then settles it as dead-lettered.
  virtual Result<JournalRecord> read_again(uint64_t sequence) = 0;
  // Appends the rest of a record to the journal's end, for this lane alone. Once that is stored,
  // settles the record, so that it does not keep its segment on the disk. The lane later reads the
  // rest under another sequence. `done` is called exactly once, on the journal's scheduler, unless
  // the scheduler is stopped. Until then, do not settle the record or carry it over again. On
  // failure, the record is unchanged. After rewind(), `done` does not describe the record, which is
  // read again unchanged.
  virtual void carry_over(CarryOver rest, std::function<void(Status)> done) = 0;
  // The oldest segment that only this lane may be holding, if all its unsettled records were read.
  // Also nullopt if there are more than `records_max` of them. Cheap.
  [[nodiscard]] virtual std::optional<PinnedSegment> pinned(size_t records_max) const = 0;
  // Makes the cursor durable and releases segments. Cheap if nothing changed.
  virtual Status sync() = 0;
  // Keeps a short text beside the cursor, for the process that has the journal next. The next
  // sync() makes it durable before the cursor. If the disk does not take it, this is logged, and
  // the cursor goes on.
  virtual void note(std::string text) = 0;
  // The note of the process that had the journal before this one; "" if there is none. Only the
  // first call returns it: of two lanes that follow each other, the first one has it.
  virtual std::string take_note() = 0;
  // `notify` is called on the journal's scheduler after each publication, until it is replaced.
  virtual void on_published(std::function<void()> notify) = 0;
  [[nodiscard]] virtual LaneBooks books() const = 0;
  [[nodiscard]] virtual Backlog backlog() const = 0;  // cheap
  // Everything published is settled (an adopted journal is then no longer needed).
  [[nodiscard]] virtual bool caught_up() const = 0;
};

}  // namespace dualtrace::agent
