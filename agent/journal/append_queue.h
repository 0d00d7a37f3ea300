// SPDX-License-Identifier: Apache-2.0
#pragma once
// AppendQueue: queues appends until the journal's next commit, and schedules that commit
// (commit_pace.h). push() is thread-safe; groups are committed on the journal's scheduler.

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
  // The scheduler must be stopped before the queue is destroyed.
  AppendQueue(uint64_t bytes_max, Duration commit_delay, Scheduler& scheduler, Commit commit);
  AppendQueue(const AppendQueue&) = delete;
  AppendQueue& operator=(const AppendQueue&) = delete;

  // Queues the append and makes sure that a commit follows. Returns false, and leaves the append
  // unchanged, if the queue is full.
  bool push(PendingAppend& append);

 private:
  void commit_when_due();
  void commit_next();
  // Polls the queue on the journal's thread while a group is expected. A wake-up for the first
  // append of each group would cost as much again as polling.
  void look_ahead();
  // Sets a timer that runs commit_when_due() at that time. An earlier timer still fires, and finds
  // nothing to do.
  void look_at(Tick when);
  // Takes the waiting appends, up to a size limit; posts the next commit if some are left.
  std::vector<PendingAppend> take_group();

  const uint64_t bytes_max_;
  Scheduler& scheduler_;
  const Commit commit_;

  Mutex mutex_;
  std::deque<PendingAppend> queue_ DT_GUARDED_BY(mutex_);
  uint64_t bytes_ DT_GUARDED_BY(mutex_) = 0;
  CommitPace pace_ DT_GUARDED_BY(mutex_);
  Tick due_ DT_GUARDED_BY(mutex_);             // when to commit, unless a commit is posted
  bool posted_ DT_GUARDED_BY(mutex_) = false;  // a commit of the queue is posted
  Tick look_at_ DT_GUARDED_BY(mutex_) = Tick::max();
  std::atomic<Scheduler::TimerId> timer_{0};  // the last timer that was set
};

}  // namespace dualtrace::agent
