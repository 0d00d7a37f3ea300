// SPDX-License-Identifier: Apache-2.0
#pragma once
// CommitPace: decides when a journal commits its waiting appends. Each commit costs a write and a
// sync, no matter how small it is. An append therefore waits if others are likely to arrive before
// the delay ends; otherwise, it is committed at once (like PostgreSQL's commit_delay and
// commit_siblings). The likelihood is learned from what arrived while earlier appends waited:
// clients that send one request after another gain nothing by waiting, and do not wait.
// Pure except for what it has learned: the caller passes the time. Used under its owner's lock.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/time/clock.h"

namespace dualtrace::agent {

class CommitPace {
 public:
  // The maximum time that an append waits for others; 0: no append waits.
  explicit CommitPace(Duration delay) : delay_(delay), gap_(kNoCompany * delay) {}

  // Call for each append. The next group has `waiting` appends, including this one, with `bytes` in
  // total. Returns when to commit the group if nothing else arrives before then; `now` means
  // immediately.
  Tick append(Tick now, size_t waiting, uint64_t bytes);
  // Whether this many appends are enough to commit when the queue is polled before the group is
  // due.
  [[nodiscard]] static bool is_company(size_t appends) { return appends > 1; }
  // When to poll for the next group while nothing is queued; nullopt if no group is expected.
  [[nodiscard]] std::optional<Tick> look_ahead(Tick now) const;
  // Call when a group is committed because it is due.
  void waited(size_t appends);

 private:
  // The gap, in delays, to learn from a wait in which nothing else arrived: after three such waits
  // in a row, appends no longer wait.
  static constexpr int kNoCompany = 2;
  static constexpr int kGroupsToTrialLeast = 32;

  [[nodiscard]] Tick begin_group(Tick now, Duration since_last);
  [[nodiscard]] Tick due(Tick now) const;
  void learn(Duration gap);

  const Duration delay_;
  Duration gap_;  // expected between two appends, while the first of them waits
  Tick last_;
  Tick deadline_;  // of the waiting group
  int groups_to_trial_ = kGroupsToTrialLeast;
  int declined_ = 0;     // groups since the last one that waited, while no company is expected
  bool trying_ = false;  // this group waits to find out whether others arrive
};

}  // namespace dualtrace::agent
