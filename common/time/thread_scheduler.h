// SPDX-License-Identifier: Apache-2.0
#pragma once
// ThreadScheduler: a Scheduler that owns one named thread. app/ makes one for the journal and one
// for each lane. Stop it (or destroy it) before the objects that its tasks refer to.
// Thread-safe, except that calling stop() from one of its own tasks is a bug.

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace {

class ThreadScheduler final : public Scheduler {
 public:
  // `name` is the thread's name, at most 15 characters; `clock` outlives the scheduler.
  ThreadScheduler(const std::string& name, Clock& clock);
  ~ThreadScheduler() override;
  ThreadScheduler(const ThreadScheduler&) = delete;
  ThreadScheduler& operator=(const ThreadScheduler&) = delete;

  void post(Task task) override;
  TimerId run_at(Tick when, Task task) override;
  void cancel(TimerId id) override;
  void stop() override;  // also joins the thread
  [[nodiscard]] Clock& clock() override { return clock_; }

 private:
  void run();
  // Fills `due` with the tasks to run now; returns false if stopping.
  bool take_due(std::vector<Task>& due);

  Clock& clock_;

  Mutex mutex_;
  CondVar changed_;
  std::vector<Task> posted_ DT_GUARDED_BY(mutex_);
  std::map<std::pair<Tick, TimerId>, Task> timers_ DT_GUARDED_BY(mutex_);
  std::map<TimerId, Tick> timer_ticks_ DT_GUARDED_BY(mutex_);
  TimerId last_timer_ DT_GUARDED_BY(mutex_) = 0;
  bool stopping_ DT_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace dualtrace
