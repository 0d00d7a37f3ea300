// SPDX-License-Identifier: Apache-2.0
#pragma once
// JournalLane: one lane's way through one journal: a reader in front, a durable cursor behind.
// The lane reads records forward, settles each of them exactly once in any order, and syncs now and
// then; a segment that every lane's durable cursor has passed is recycled.
// Used from one thread (the lane's), but for books() and backlog(), which are thread-safe.

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

// How spans ended, under the words of the ledger. All counts are spans.
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

// A lane's books in one journal. accepted = settled.sum() + backlog_spans, always; they are taken
// at one moment. Durable with the cursor: after a crash they say what the cursor says.
struct LaneBooks {
  uint64_t accepted = 0;
  SpanCounts settled;
  uint64_t backlog_spans = 0;
  // What the lane's backlog keeps on the disk: whole segments from the one of its oldest unsettled
  // record on, settled records in them included, and of the newest what is behind that record.
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_unsettled;
};

struct JournalRecord {
  uint64_t sequence = 0;
  WallTime arrived;
  uint32_t spans = 0;
  SharedBytes payload;        // a serialised ExportTraceServiceRequest
  uint64_t bytes_before = 0;  // of payload, ever accepted into the journal before this record
  bool carried = false;       // what carry_over() left of a record; it arrived when that one did
};

// What is left of a record that has to wait for longer than its neighbours.
struct CarryOver {
  uint64_t sequence = 0;  // of a record that was read and is not settled
  std::string payload;    // a serialised ExportTraceServiceRequest with the spans that are left
  uint32_t spans = 0;     // in there; at least one
  SpanCounts ended{};     // how the record's other spans ended
};

// A segment that some records keep on the disk although everything else in it is settled.
struct PinnedSegment {
  std::vector<uint64_t> sequences;  // of those records, all of which were read
  uint64_t payload_bytes = 0;       // of theirs
  uint64_t bytes = 0;               // on the disk, that go when they are settled or carried over
};

// What expiry asks for after each record.
struct Backlog {
  uint64_t bytes = 0;   // LaneBooks::backlog_bytes
  uint64_t oldest = 0;  // sequence of the oldest unsettled record: settling others frees nothing
};

// Records [first, last] cannot be read: their segment is damaged and set aside. The reader has
// settled them as dead-lettered itself; the lane only tells people. Carried records among them may
// be told later, when the end is reached and they did not come: then the range is the whole
// journal's.
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

  // The next record at or behind the read position that is not settled.
  virtual Result<JournalRead> read() = 0;
  // From now on reads begin at the first record that is not settled: what was read and not settled
  // is read again. For a lane that takes over from another one, which has ended.
  virtual void rewind() = 0;
  // counts.sum() == the record's spans. Each record that was read is settled exactly once.
  virtual void settle(uint64_t sequence, const SpanCounts& counts) = 0;
  // Reads that record anew, which was read and is not settled: whoever has to wait for long with it
  // needs to keep its sequence only. kUnavailable while the disk fails to read; kCorrupt when it is
  // damaged: then it is the lane that settles it as dead-lettered.
  virtual Result<JournalRecord> read_again(uint64_t sequence) = 0;
  // Appends what is left of a record to the journal's end, for this lane alone, and settles the
  // record when that is stored: so that it does not keep its segment on the disk. The lane reads it
  // again in its turn, under another sequence. `done` is called exactly once, on the journal's
  // scheduler, unless that is stopped; until then the record is not settled and not carried over
  // again. When it fails, the record is as it was. After rewind() it says nothing of the record,
  // which is read again as it was.
  virtual void carry_over(CarryOver rest, std::function<void(Status)> done) = 0;
  // The oldest segment that this lane alone may be holding, if all that it waits for are records
  // which were read. nullopt as well when they are more than `records_max`. Cheap.
  [[nodiscard]] virtual std::optional<PinnedSegment> pinned(size_t records_max) const = 0;
  // Makes the cursor durable and lets segments go. Cheap when nothing changed.
  virtual Status sync() = 0;
  // `notify` is called on the journal's scheduler after each publication until the next call here.
  virtual void on_published(std::function<void()> notify) = 0;
  [[nodiscard]] virtual LaneBooks books() const = 0;
  [[nodiscard]] virtual Backlog backlog() const = 0;  // cheap
  // Everything published is settled (an adopted journal then has no use any more).
  [[nodiscard]] virtual bool caught_up() const = 0;
};

}  // namespace dualtrace::agent
