// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/outbox.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

constexpr auto tried_less = [](const auto& a, const auto& b) {
  return a.second.last_sent < b.second.last_sent;
};

}  // namespace

void Outbox::push_new(Batch batch) {
  batch.place = {++last_number_, 0};
  put_back(std::move(batch));
}

void Outbox::put_back(Batch batch) {
  const BatchPlace place = batch.place;
  if (!batch.history.suspect) {
    line_bytes_ += batch.bytes();
    DT_CHECK(line_.emplace(place, std::move(batch)).second);
    return;
  }
  suspect_bytes_ += batch.bytes();
  awaiting_contrast_ += batch.awaits_contrast ? 1 : 0;
  const Tick not_before = batch.not_before;
  DT_CHECK(suspects_.emplace(std::pair(not_before, place), std::move(batch)).second);
}

std::optional<Batch> Outbox::take_first() {
  if (line_.empty()) return std::nullopt;
  return take(line_.begin());
}

std::optional<Batch> Outbox::take_suspect(Tick now) {
  if (suspects_.empty() || suspects_.begin()->first.first > now) return std::nullopt;
  return take(suspects_.begin());
}

std::optional<Batch> Outbox::take_least_tried() {
  if (line_.empty()) return std::nullopt;
  const auto newest = std::min_element(line_.rbegin(), line_.rend(), tried_less);
  return take(std::next(newest).base());
}

std::optional<Batch> Outbox::take_least_tried_suspect(Tick now) {
  const auto ready_end = suspects_.upper_bound({now, {UINT64_MAX, UINT64_MAX}});
  if (ready_end == suspects_.begin()) return std::nullopt;
  return take(std::min_element(suspects_.begin(), ready_end, tried_less));
}

void Outbox::release_refused(uint64_t number, Tick now) {
  if (awaiting_contrast_ == 0) return;
  std::vector<Suspects::iterator> released;
  for (auto it = suspects_.begin(); it != suspects_.end(); ++it) {
    const Batch& batch = it->second;
    if (batch.awaits_contrast && batch.history.requests_at_failure < number) released.push_back(it);
  }
  for (const auto it : released) {
    Batch batch = take(it);
    batch.awaits_contrast = false;
    batch.not_before = std::min(batch.not_before, now);
    put_back(std::move(batch));
  }
}

void Outbox::release_all(Tick now) {
  Suspects held = std::exchange(suspects_, {});
  suspect_bytes_ = 0;
  awaiting_contrast_ = 0;
  for (auto& [key, batch] : held) {
    batch.not_before = std::min(batch.not_before, now);
    put_back(std::move(batch));
  }
}

std::optional<Batch> Outbox::take_latest(const std::function<bool(const Batch&)>& wanted) {
  const auto latest =
      std::find_if(suspects_.rbegin(), suspects_.rend(), [&wanted](const auto& entry) {
        return entry.second.body != nullptr && wanted(entry.second);
      });
  if (latest == suspects_.rend()) return std::nullopt;
  return take(std::next(latest).base());
}

std::vector<Batch> Outbox::take_all_of(const JournalLane& journal, uint64_t sequence) {
  const auto is_of = [&](const Piece& piece) {
    return piece.record->journal == &journal && piece.record->sequence == sequence;
  };
  std::vector<Suspects::iterator> found;
  uint64_t spans = 0;
  for (auto it = suspects_.begin(); it != suspects_.end(); ++it) {
    const auto& pieces = it->second.pieces;
    if (!std::any_of(pieces.begin(), pieces.end(), is_of)) continue;
    if (pieces.size() > 1) return {};
    found.push_back(it);
    spans += it->second.spans;
  }
  if (found.empty()) return {};
  const OpenRecord& record = found.front()->second.oldest();
  if (spans + record.counts.sum() != record.spans) return {};  // other spans are in flight
  std::vector<Batch> batches;
  for (const auto it : found) batches.push_back(take(it));
  return batches;
}

Batch* Outbox::oldest_of(const JournalLane& journal) {
  Batch* oldest = nullptr;
  const auto consider = [&](Batch& batch) {
    const OpenRecord& record = batch.oldest();
    if (record.journal != &journal) return false;
    if (oldest == nullptr || std::pair(record.sequence, batch.place) <
                                 std::pair(oldest->oldest().sequence, oldest->place)) {
      oldest = &batch;
    }
    return true;
  };
  for (auto& [place, batch] : line_) {
    if (consider(batch)) break;
  }
  for (auto& [key, batch] : suspects_) consider(batch);
  return oldest;
}

Batch* Outbox::suspect_from_before(const JournalLane& journal, WallTime time) {
  const auto found = std::find_if(suspects_.begin(), suspects_.end(), [&](const auto& entry) {
    const Batch& batch = entry.second;
    return batch.oldest().journal == &journal && batch.arrived() < time;
  });
  return found == suspects_.end() ? nullptr : &found->second;
}

void Outbox::shrunk(const Batch& batch, size_t bytes_before) {
  const size_t less = bytes_before - batch.bytes();
  if (!batch.history.suspect) {
    line_bytes_ -= less;
    if (batch.spans == 0) line_.erase(BatchPlace(batch.place));
    return;
  }
  suspect_bytes_ -= less;
  if (batch.spans > 0) return;
  awaiting_contrast_ -= batch.awaits_contrast ? 1 : 0;
  suspects_.erase(std::pair(batch.not_before, BatchPlace(batch.place)));
}

bool Outbox::something_ready(Tick now) const {
  return !line_.empty() || (!suspects_.empty() && suspects_.begin()->first.first <= now);
}

std::optional<Tick> Outbox::next_suspect_at(Tick now) const {
  const auto next = suspects_.upper_bound({now, {UINT64_MAX, UINT64_MAX}});
  if (next == suspects_.end()) return std::nullopt;
  return next->first.first;
}

Batch Outbox::take(Line::iterator which) {
  Batch batch = std::move(which->second);
  line_.erase(which);
  line_bytes_ -= batch.bytes();
  return batch;
}

Batch Outbox::take(Suspects::iterator which) {
  Batch batch = std::move(which->second);
  suspects_.erase(which);
  suspect_bytes_ -= batch.bytes();
  awaiting_contrast_ -= batch.awaits_contrast ? 1 : 0;
  return batch;
}

}  // namespace dualtrace::agent
