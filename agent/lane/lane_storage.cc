// SPDX-License-Identifier: Apache-2.0
// Suspects can wait for days. They must not fill the memory, because nothing else could then be
// read, nor keep whole segments on the disk for single spans. A whole record is therefore dropped
// from memory and read again when it is due. A part of a record is carried over to the journal's
// end, where it is a record of its own. Everything here runs on the lane's scheduler.

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/lane/lane.h"

namespace dualtrace::agent {
namespace {

// Carrying over pays off if a segment is this many times larger than the records that wait in it.
constexpr uint64_t kPinnedRatio = 4;
constexpr size_t kPinnedRecordsMax = 256;

bool all_whole(const Batch& batch) {
  if (batch.halved) return false;
  for (const Piece& piece : batch.pieces) {
    if (piece.spans != piece.record->spans) return false;
  }
  return true;
}

size_t bytes_in_memory(const std::vector<Batch>& batches) {
  size_t bytes = 0;
  for (const Batch& batch : batches) bytes += batch.bytes();
  return bytes;
}

size_t bytes_of(const std::vector<Batch>& batches) {
  size_t bytes = 0;
  for (const Batch& batch : batches) bytes += batch.body ? batch.bytes() : batch.oldest().bytes;
  return bytes;
}

bool is_all_of_record(const std::vector<Batch>& batches) {
  uint64_t spans = 0;
  for (const Batch& batch : batches) spans += batch.spans;
  return spans == batches.front().oldest().spans;
}

// Merges a record's parts into one batch without a body. Their histories are dropped.
Batch whole_again(std::vector<Batch> parts) {
  Batch whole = std::move(parts.front());
  for (const Batch& part : parts) whole.place = std::min(whole.place, part.place);
  const std::shared_ptr<OpenRecord> record = whole.pieces.front().record;
  whole.body = nullptr;
  whole.spans = record->spans;
  whole.pieces = {{record, record->spans, record->bytes}};
  whole.halved = false;
  whole.halves.reset();
  whole.history = {.spans = record->spans,
                   .strikes = 1,
                   .requests_at_failure = whole.history.requests_at_failure,
                   .suspect = true};
  return whole;
}

}  // namespace

// Above half of the memory that suspects may occupy, whole records are dropped from memory, which
// costs them nothing. Parts of records are carried over only above the full amount, because they
// must be judged again when they come back. A part that cannot be moved now (other parts of its
// record are in flight) stays where it is.
void Lane::make_room() {
  while (outbox_.suspect_bytes() > bytes_max() / 2) {
    auto batch = outbox_.take_latest(all_whole);
    if (!batch) break;
    put_away(*std::move(batch));
  }
  std::vector<Batch> stay;
  while (outbox_.suspect_bytes() > bytes_max() && now() >= carry_again_) {
    auto batch = outbox_.take_latest([](const Batch&) { return true; });
    if (!batch) break;
    const OpenRecord& record = batch->oldest();
    JournalLane& journal = *record.journal;
    const uint64_t sequence = record.sequence;
    outbox_.put_back(*std::move(batch));
    std::vector<Batch> parts = outbox_.take_all_of(journal, sequence);
    if (parts.empty()) {
      stay.push_back(*outbox_.take_latest([](const Batch&) { return true; }));
    } else if (is_all_of_record(parts) && bytes_of(parts) <= options_.batch_bytes_max) {
      // None of its spans have ended, so it is a whole record and need not be carried over.
      outbox_.put_back(whole_again(std::move(parts)));
    } else {
      parts = carry_over(std::move(parts));
      std::move(parts.begin(), parts.end(), std::back_inserter(stay));
    }
  }
  for (Batch& batch : stay) outbox_.put_back(std::move(batch));
}

void Lane::put_away(Batch batch) {
  for (Batch& part : dissolve(batch)) outbox_.put_back(std::move(part));
}

void Lane::free_pinned_segments() {
  if (now() < carry_again_) return;
  for (const auto& source : sources_) {
    const auto pinned = source->journal().pinned(kPinnedRecordsMax);
    if (!pinned || pinned->bytes < kPinnedRatio * pinned->payload_bytes) continue;
    for (const uint64_t sequence : pinned->sequences) {
      std::vector<Batch> all = outbox_.take_all_of(source->journal(), sequence);
      if (all.empty()) continue;
      for (Batch& left : carry_over(std::move(all))) outbox_.put_back(std::move(left));
    }
  }
}

// Carries over everything left of one record. Returns the batches if they would be too large to
// come back as one batch; they then wait in memory.
std::vector<Batch> Lane::carry_over(std::vector<Batch> batches) {
  if (bytes_of(batches) > options_.batch_bytes_max) return batches;
  const std::shared_ptr<OpenRecord> record = batches.front().pieces.front().record;
  CarryOver rest{.sequence = record->sequence, .payload = {}, .ended = record->counts};
  for (Batch& batch : batches) {
    if (!load(batch)) return {};  // a whole record, so it is the only batch
    rest.payload += batch.body->plain().joined();
    rest.spans += batch.spans;
  }
  JournalLane& journal = *record->journal;
  carrying_bytes_ += bytes_in_memory(batches);
  carrying_.emplace(record.get(), std::move(batches));
  journal.carry_over(std::move(rest), [this, record, callbacks = callbacks_](const Status& stored) {
    callbacks->pass(
        [&] { scheduler_.post([this, record, stored] { on_carried(record.get(), stored); }); });
  });
  return {};
}

// Once stored, the rest is read again as another record, and this record is settled.
void Lane::on_carried(const OpenRecord* record, const Status& stored) {
  auto node = carrying_.extract(record);
  carrying_bytes_ -= bytes_in_memory(node.mapped());
  if (!stored) {
    report_.journal_failed(stored.error());
    carry_again_ = now() + options_.backoff.delay(++carry_failures_, random_);
    for (Batch& batch : node.mapped()) {
      batch.not_before = now() + options_.backoff.delay(1, random_);
      outbox_.put_back(std::move(batch));
    }
  }
  if (stored) carry_failures_ = 0;
  for (const auto& source : sources_) source->wake();
  sync_soon();
  advance();
}

// False if the batch was handled in another way.
bool Lane::load(Batch& batch) {
  if (batch.body != nullptr) return true;
  const OpenRecord& record = batch.oldest();
  auto again = record.journal->read_again(record.sequence);
  if (again) {
    SharedByteChain body;
    body.append(std::move(again->payload));
    batch.body = std::make_shared<const RequestBody>(std::move(body));
    return true;
  }
  report_.journal_failed(again.error());
  if (again.error().kind == ErrorKind::kCorrupt) {
    report_.damaged({record.sequence, record.sequence, batch.spans});
    account_all(batch, &SpanCounts::dead_lettered);
    sync_soon();
    return false;
  }
  batch.history.suspect = true;
  batch.not_before = now() + options_.backoff.delay(1, random_);
  outbox_.put_back(std::move(batch));
  return false;
}

}  // namespace dualtrace::agent
