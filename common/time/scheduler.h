// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scheduler: one sequence of execution. Tasks run one at a time and never inside the call that
// posts them; due tasks run in the order of their times, posted ones in the order of posting. The
// journal and each lane have their own scheduler; the simulation runs all of them on one. post()
// and run_at() are thread-safe; cancel() is called from the scheduler's own tasks only.

#include <cstdint>
#include <functional>

#include "common/time/clock.h"

namespace dualtrace {

class Scheduler {
 public:
  using Task = std::function<void()>;
  using TimerId = uint64_t;  // 0 is never assigned

  virtual ~Scheduler() = default;
  virtual void post(Task task) = 0;
  virtual TimerId run_at(Tick when, Task task) = 0;
  // After it returns, the task no longer runs. Unknown and expired ids are ignored.
  virtual void cancel(TimerId id) = 0;
  // Lets the running task finish, drops the rest and accepts no more. Idempotent; must not be
  // called from the scheduler's own tasks.
  virtual void stop() = 0;
  [[nodiscard]] virtual Clock& clock() = 0;

  TimerId run_after(Duration delay, Task task) {
    return run_at(clock().tick() + delay, std::move(task));
  }
};

}  // namespace dualtrace
