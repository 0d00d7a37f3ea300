// SPDX-License-Identifier: Apache-2.0
#pragma once
// AppendQueue: what waits for the journal's next commit, and when that is (commit_pace.h).
// push() is thread-safe; groups are committed on the journal's scheduler.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "agent/journal/commit_pace.h"
#include "agent/journal/group_writer.h"
#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class AppendQueue {
 public:
  // Called on the scheduler with at least one append, in the order of push().
  using Commit = std::function<void(std::vector<PendingAppend>)>;
  // The scheduler is stopped before the queue is destroyed.
  AppendQueue(uint64_t bytes_max, Duration commit_delay, Scheduler& scheduler, Commit commit);
  AppendQueue(const AppendQueue&) = delete;
  AppendQueue& operator=(const AppendQueue&) = delete;

  // Takes the append and sees to it that a commit comes; false, and the append is as it was, when
  // too much waits already.
  bool push(PendingAppend& append);

 private:
  void commit_when_due();
  void commit_next();
  // While a group is expected to come, the journal's thread looks for it by itself: to be woken by
  // the first of each group would cost as much again as to look.
  void look_ahead();
  // commit_when_due() runs then. One that was set before runs, too, and finds nothing to do.
  void look_at(Tick when);
  // What waits, up to a size; posts the next commit if something is left.
  std::vector<PendingAppend> take_group();

  const uint64_t bytes_max_;
  Scheduler& scheduler_;
  const Commit commit_;

  Mutex mutex_;
  std::deque<PendingAppend> queue_ DT_GUARDED_BY(mutex_);
  uint64_t bytes_ DT_GUARDED_BY(mutex_) = 0;
  CommitPace pace_ DT_GUARDED_BY(mutex_);
  Tick due_ DT_GUARDED_BY(mutex_);             // of what waits, unless a commit is posted
  bool posted_ DT_GUARDED_BY(mutex_) = false;  // a commit that takes what waits
  Tick look_at_ DT_GUARDED_BY(mutex_) = Tick::max();
  std::atomic<Scheduler::TimerId> timer_{0};  // the last that was set
};

}  // namespace dualtrace::agent
