// SPDX-License-Identifier: Apache-2.0
#pragma once
// CommitPace: when a journal commits what waits for it. A commit costs a write and a sync, however
// little is in it. So an append waits for others when others are likely to come before the delay is
// over, and is committed at once when they are not (as PostgreSQL's commit_delay and
// commit_siblings). What is likely is learned from what came while earlier appends waited: clients
// that send one request after the other gain nothing by waiting, and do not wait.
// Pure but for what it has learned: it is told the time. Used under its owner's lock.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/time/clock.h"

namespace dualtrace::agent {

class CommitPace {
 public:
  // The longest that an append waits for others; 0: it never does.
  explicit CommitPace(Duration delay) : delay_(delay), gap_(kNoCompany * delay) {}

  // Told of each append. `waiting` of them, this one included, are to be committed together, with
  // `bytes` in all. Returns when to commit if nothing else comes until then; `now` is at once.
  Tick append(Tick now, size_t waiting, uint64_t bytes);
  // Whether so many appends need not wait any longer when somebody looks before it is time.
  [[nodiscard]] static bool is_company(size_t appends) { return appends > 1; }
  // When to look for the next group though nothing waits now; none is expected: nothing.
  [[nodiscard]] std::optional<Tick> look_ahead(Tick now) const;
  // Told when a group is committed because its time has come.
  void waited(size_t appends);

 private:
  // What a wait in which nobody came is taken for, in delays: three of them in a row, and nobody
  // waits any more.
  static constexpr int kNoCompany = 2;
  static constexpr int kGroupsToTrialLeast = 32;

  [[nodiscard]] Tick begin_group(Tick now, Duration since_last);
  [[nodiscard]] Tick due(Tick now) const;
  void learn(Duration gap);

  const Duration delay_;
  Duration gap_;  // expected between two appends, while the first of them waits
  Tick last_;
  Tick deadline_;  // of the group that waits
  int groups_to_trial_ = kGroupsToTrialLeast;
  int declined_ = 0;     // groups since the last that waited, while nobody is expected
  bool trying_ = false;  // this group waits to find out whether anybody comes
};

}  // namespace dualtrace::agent
