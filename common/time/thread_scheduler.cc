// SPDX-License-Identifier: Apache-2.0
#include "common/time/thread_scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace dualtrace {

ThreadScheduler::ThreadScheduler(const std::string& name, Clock& clock)
    : clock_(clock), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

ThreadScheduler::~ThreadScheduler() { stop(); }

void ThreadScheduler::post(Task task) {
  {
    Lock lock(mutex_);
    if (stopping_) return;
    posted_.push_back(std::move(task));
  }
  changed_.notify_one();
}

Scheduler::TimerId ThreadScheduler::run_at(Tick when, Task task) {
  TimerId id = 0;
  {
    Lock lock(mutex_);
    id = ++last_timer_;
    if (stopping_) return id;
    timers_.emplace(std::pair(when, id), std::move(task));
    timer_ticks_.emplace(id, when);
  }
  changed_.notify_one();
  return id;
}

void ThreadScheduler::cancel(TimerId id) {
  Task dropped;  // destroyed after the lock is released: it may own anything
  Lock lock(mutex_);
  const auto tick = timer_ticks_.find(id);
  if (tick == timer_ticks_.end()) return;
  const auto timer = timers_.find({tick->second, id});
  dropped = std::move(timer->second);
  timers_.erase(timer);
  timer_ticks_.erase(tick);
}

void ThreadScheduler::stop() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ThreadScheduler::run() {
  std::vector<Task> due;
  while (take_due(due)) {
    for (Task& task : due) task();
    due.clear();
  }
}

// At most one timer per round, so that a task can still cancel another timer that is also due.
bool ThreadScheduler::take_due(std::vector<Task>& due) {
  Lock lock(mutex_);
  while (true) {
    if (stopping_) return false;
    const bool timer_due = !timers_.empty() && timers_.begin()->first.first <= clock_.tick();
    if (timer_due) {
      const auto first = timers_.begin();
      due.push_back(std::move(first->second));
      timer_ticks_.erase(first->first.second);
      timers_.erase(first);
    }
    if (!posted_.empty()) {
      due.insert(due.end(), std::make_move_iterator(posted_.begin()),
                 std::make_move_iterator(posted_.end()));
      posted_.clear();
    }
    if (!due.empty()) return true;
    if (timers_.empty()) {
      changed_.wait(mutex_);
    } else {
      changed_.wait_until(mutex_, timers_.begin()->first.first);
    }
  }
}

}  // namespace dualtrace
