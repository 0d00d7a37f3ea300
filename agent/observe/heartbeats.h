// SPDX-License-Identifier: Apache-2.0
#pragma once
// Heartbeats: checks for /livez that the process's schedulers still run. Each query posts a beat to
// every scheduler whose last beat has run. A scheduler whose beat has not run for too long is
// stuck. A query never waits. Thread-safe.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/scheduler.h"

namespace dualtrace::agent {

class Heartbeats {
 public:
  explicit Heartbeats(Clock& clock, Duration patience = std::chrono::seconds(15));

  // Replaces the scheduler of that name, if there is one.
  void watch(const std::string& name, std::shared_ptr<Scheduler> scheduler);
  // The names of the schedulers that are stuck.
  [[nodiscard]] std::vector<std::string> stuck();

 private:
  struct Owed {
    Mutex mutex;
    std::optional<Tick> since DT_GUARDED_BY(mutex);
  };
  struct Watched {
    std::string name;
    std::shared_ptr<Scheduler> scheduler;
    std::shared_ptr<Owed> owed;
  };

  Clock& clock_;
  const Duration patience_;
  Mutex mutex_;
  std::vector<Watched> watched_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
