// SPDX-License-Identifier: Apache-2.0
#pragma once
// KeyQueue: the state of a work queue, without threads and without a clock: which keys wait, which
// are being processed, which are due later, how often each has failed. WorkQueue wraps it.
// Used from one thread at a time.
//
// Flow: add() → take() → finish(); add_at() for later, retry() for later with backoff.
// Guarantees: a key being processed is not handed out again before finish(). A key that is added
// meanwhile is handed out again afterwards. Equal waiting keys are merged. If a key has several due
// times, the earliest counts, and handing out the key clears all of them: its reconciliation sets
// the next one.
// Limits: one entry for each key, and as many keys as exports.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/kube/object.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class KeyQueue {
 public:
  struct Taken {
    kube::ObjectKey key;
    Duration waited;  // since it was added or due
  };

  // Returns false if it is already waiting.
  bool add(const kube::ObjectKey& key, Tick now);
  // Hands it out at `due` at the latest.
  void add_at(const kube::ObjectKey& key, Tick due);
  // After 5 ms, doubled with each failure since forget(), at most 1,000 s; not before `at_least`.
  // Returns the delay.
  Duration retry(const kube::ObjectKey& key, Tick now, Duration at_least);
  void forget(const kube::ObjectKey& key) { failures_.erase(key); }

  // Moves due keys to the end of the waiting ones and hands out the first.
  std::optional<Taken> take(Tick now);
  // Returns how long it was being processed.
  Duration finish(const kube::ObjectKey& key, Tick now);

  // When take() may find more than now; nullopt while only add() and finish() can change that.
  [[nodiscard]] std::optional<Tick> next_due() const;
  [[nodiscard]] size_t waiting() const { return ready_.size(); }
  // The number of adds that were not merged with a waiting key.
  [[nodiscard]] uint64_t adds() const { return adds_; }
  // Key → since when it is being processed.
  [[nodiscard]] const std::map<kube::ObjectKey, Tick>& in_work() const { return in_work_; }

 private:
  void drop_due(const kube::ObjectKey& key);

  std::deque<kube::ObjectKey> ready_;                 // waiting and not being processed, in order
  std::map<kube::ObjectKey, Tick> dirty_;             // waiting, processed or not → since when
  std::map<kube::ObjectKey, Tick> in_work_;           // handed out → since when
  std::map<kube::ObjectKey, Tick> due_;               // never a dirty one
  std::set<std::pair<Tick, kube::ObjectKey>> order_;  // due_, by time
  std::map<kube::ObjectKey, uint32_t> failures_;
  uint64_t adds_ = 0;
};

}  // namespace dualtrace::ctl
