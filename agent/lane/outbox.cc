#include "agent/lane/outbox.h"

#include <algorithm>
#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent {

void Outbox::push_new(Batch batch) {
  batch.place = {++last_number_, 0};
  put_back(std::move(batch));
}

void Outbox::put_back(Batch batch) {
  bytes_ += batch.bytes();
  const BatchPlace place = batch.place;
  DT_CHECK(batches_.emplace(place, std::move(batch)).second);
}

std::optional<Batch> Outbox::take_first(Tick now) {
  return take(std::find_if(batches_.begin(), batches_.end(),
                           [now](const auto& entry) { return entry.second.not_before <= now; }));
}

std::optional<Batch> Outbox::take_probe(Tick now) {
  auto chosen = batches_.end();
  for (auto it = batches_.begin(); it != batches_.end(); ++it) {
    if (it->second.not_before > now) continue;
    if (chosen == batches_.end()) {
      chosen = it;
      if (it->second.history.strikes == 0) break;
    } else if (it->second.last_sent < chosen->second.last_sent) {
      chosen = it;
    }
  }
  return take(chosen);
}

Batch* Outbox::oldest_of(const JournalLane& journal) {
  for (auto& [place, batch] : batches_) {
    if (batch.oldest().journal == &journal) return &batch;
  }
  return nullptr;
}

void Outbox::shrunk(const Batch& batch, size_t bytes_before) {
  bytes_ -= bytes_before - batch.bytes();
  if (batch.spans == 0) batches_.erase(BatchPlace(batch.place));
}

std::optional<Tick> Outbox::parked_until(Tick now) const {
  std::optional<Tick> first;
  for (const auto& [place, batch] : batches_) {
    if (batch.not_before <= now) return std::nullopt;
    first = std::min(first.value_or(batch.not_before), batch.not_before);
  }
  return first;
}

std::optional<Batch> Outbox::take(Batches::iterator which) {
  if (which == batches_.end()) return std::nullopt;
  Batch batch = std::move(which->second);
  batches_.erase(which);
  bytes_ -= batch.bytes();
  return batch;
}

}  // namespace dualtrace::agent
