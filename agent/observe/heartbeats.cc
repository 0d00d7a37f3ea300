// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/heartbeats.h"

#include <utility>

namespace dualtrace::agent {

Heartbeats::Heartbeats(Clock& clock, Duration patience) : clock_(clock), patience_(patience) {}

void Heartbeats::watch(const std::string& name, std::shared_ptr<Scheduler> scheduler) {
  Watched watched{name, std::move(scheduler), std::make_shared<Owed>()};
  Lock lock(mutex_);
  for (Watched& before : watched_) {
    if (before.name == name)
      return std::swap(before, watched);  // the old one is destroyed after the lock is released
  }
  watched_.push_back(std::move(watched));
}

std::vector<std::string> Heartbeats::stuck() {
  std::vector<std::string> names;
  const Tick now = clock_.tick();
  std::vector<Watched> all;
  {
    Lock lock(mutex_);
    all = watched_;
  }
  for (const Watched& watched : all) {
    {
      Lock lock(watched.owed->mutex);
      if (watched.owed->since) {
        if (now - *watched.owed->since > patience_) names.push_back(watched.name);
        continue;
      }
      watched.owed->since = now;
    }
    watched.scheduler->post([owed = watched.owed] {
      Lock lock(owed->mutex);
      owed->since.reset();
    });
  }
  return names;
}

}  // namespace dualtrace::agent
