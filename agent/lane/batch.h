// SPDX-License-Identifier: Apache-2.0
#pragma once
// Batch: one request on its way to the destination, and the records whose spans it contains: whole
// records, or a part of one that was cut. A record is settled in its journal when all its spans are
// accounted for, no matter how many batches contained them, and so exactly once. Used from one
// thread (the lane's).

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal_lane.h"
#include "agent/lane/batch_history.h"
#include "agent/send/request_body.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// A record that was read but not yet settled. The journal must outlive it.
struct OpenRecord : RecordInfo {
  JournalLane* journal = nullptr;
  SpanCounts counts{};
};

// Adds `counts` to the record's; with the last span, settles it in its journal.
void account(OpenRecord& record, const SpanCounts& counts);

// A batch's share of one record: this many of its spans, in `bytes` bytes of the body.
struct Piece {
  std::shared_ptr<OpenRecord> record;
  uint32_t spans = 0;
  size_t bytes = 0;
};

// A batch's place in the queue: its number, and its first span's offset within the batch that first
// had the number. Halves therefore keep their parent's place, ahead of everything newer.
struct BatchPlace {
  uint64_t number = 0;
  uint64_t offset = 0;
  auto operator<=>(const BatchPlace&) const = default;
};

// The two halves of a batch that was refused. If one is delivered, the other one caused the
// refusal.
struct RefusedHalves {
  std::array<bool, 2> passed{};
};

struct Batch {
  // nullptr: read the body again from the journal, where it is a whole record.
  std::shared_ptr<const RequestBody> body;
  uint32_t spans = 0;
  std::vector<Piece> pieces;
  bool halved = false;  // the bytes of its pieces are no longer known
  BatchPlace place{};
  BatchHistory history{};
  uint64_t last_sent = 0;      // number of the last request that carried it; 0: none yet
  uint32_t keep_failures = 0;  // how often its dead letter could not be written
  Tick not_before{};           // a suspect waits until then, …
  bool awaits_contrast =
      false;  // … or until something is delivered that was sent after its failure
  std::shared_ptr<const Outcome> refusal{};  // the last one; nullptr: none yet
  std::shared_ptr<RefusedHalves> halves{};   // nullptr: not a half, or already taken into account
  size_t half = 0;                           // which of them it is

  // Bytes in memory.
  [[nodiscard]] size_t bytes() const { return body == nullptr ? 0 : body->size(); }
  [[nodiscard]] bool is_whole_record() const {
    return pieces.size() == 1 && pieces.front().spans == oldest().spans;
  }
  [[nodiscard]] const OpenRecord& oldest() const { return *pieces.front().record; }
  // The arrival that determines its age. Halves expire as a whole, so their last record counts.
  [[nodiscard]] WallTime arrived() const {
    return (halved ? pieces.back() : pieces.front()).record->arrived;
  }
};

// Accounts for all spans of the batch under this word.
void account_all(const Batch& batch, uint64_t SpanCounts::*word);
// Accounts for a delivery except for `rejected` spans. The answer does not say which spans those
// are; they are attributed to the batch's records in order.
void account_delivered(const Batch& batch, uint64_t rejected);

// Accounts for the first pieces under `word` as long as `wanted` returns true, and cuts them off
// the body. Halves are dropped as a whole. Returns the number of dropped spans; if all were
// dropped, a batch of 0 spans remains.
uint64_t drop_front(Batch& batch, uint64_t SpanCounts::*word,
                    const std::function<bool(const Piece&)>& wanted);

// Two batches with half of the spans each, at the parent's place. DT_CHECKs spans >= 2; fails if
// the body cannot be cut (it is malformed below the span boundary).
Result<std::pair<Batch, Batch>> halve(const Batch& batch);

// One batch per record, at the parent's place and without a body. All records must be
// whole.
std::vector<Batch> dissolve(const Batch& batch);

// The spans of `ordinals` (counted from 0 in the batch's order, ascending) and the other spans, as
// two batches at the parent's place. A batch without spans has 0 spans.
struct Apart {
  Batch taken;
  Batch kept;
};
Result<Apart> take_apart(const Batch& batch, const std::vector<uint32_t>& ordinals);

}  // namespace dualtrace::agent
