// SPDX-License-Identifier: Apache-2.0
#pragma once
// KeyQueue: what a work queue knows, without threads and without a clock: which keys wait, which
// are in work, which are to come back later, how often each has failed. WorkQueue is its body.
// Used from one thread at a time.
//
// Flow: add() → take() → finish(); add_at() for later, retry() for later by how often it failed.
// Guarantees: a key in work is not handed out again before finish(); a key that was added while in
// work is handed out again afterwards; equal keys that wait are one; of several times the earliest
// counts, and a key that is handed out for any reason has kept all of them: its reconciliation
// says anew when to come back.
// Limits: one entry a key, and there are as many keys as exports.

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

  // False when it waits already.
  bool add(const kube::ObjectKey& key, Tick now);
  // To be handed out at `due` at the latest.
  void add_at(const kube::ObjectKey& key, Tick due);
  // After 5 ms, doubled with each failure since forget(), at most 1,000 s; not before `at_least`.
  // Returns the delay.
  Duration retry(const kube::ObjectKey& key, Tick now, Duration at_least);
  void forget(const kube::ObjectKey& key) { failures_.erase(key); }

  // Moves what is due to the end of those that wait and hands out the first.
  std::optional<Taken> take(Tick now);
  // Returns for how long it was in work.
  Duration finish(const kube::ObjectKey& key, Tick now);

  // When take() may find more than now; nothing while only add() and finish() can change that.
  [[nodiscard]] std::optional<Tick> next_due() const;
  [[nodiscard]] size_t waiting() const { return ready_.size(); }
  // Adds that were not merged with one that waited.
  [[nodiscard]] uint64_t adds() const { return adds_; }
  // Key → since when it is in work.
  [[nodiscard]] const std::map<kube::ObjectKey, Tick>& in_work() const { return in_work_; }

 private:
  void drop_due(const kube::ObjectKey& key);

  std::deque<kube::ObjectKey> ready_;                 // waiting and not in work, in order
  std::map<kube::ObjectKey, Tick> dirty_;             // waiting, in work or not → since when
  std::map<kube::ObjectKey, Tick> in_work_;           // handed out → since when
  std::map<kube::ObjectKey, Tick> due_;               // never one that is dirty
  std::set<std::pair<Tick, kube::ObjectKey>> order_;  // due_, by time
  std::map<kube::ObjectKey, uint32_t> failures_;
  uint64_t adds_ = 0;
};

}  // namespace dualtrace::ctl
