#include "agent/observe/heartbeats.h"

#include <utility>

namespace dualtrace::agent {

Heartbeats::Heartbeats(Clock& clock, Duration patience) : clock_(clock), patience_(patience) {}

void Heartbeats::watch(std::string name, Scheduler& scheduler) {
  watched_.push_back({std::move(name), scheduler, std::make_shared<Owed>()});
}

std::vector<std::string> Heartbeats::stuck() {
  std::vector<std::string> names;
  const Tick now = clock_.tick();
  for (const Watched& watched : watched_) {
    {
      Lock lock(watched.owed->mutex);
      if (watched.owed->since) {
        if (now - *watched.owed->since > patience_) names.push_back(watched.name);
        continue;
      }
      watched.owed->since = now;
    }
    watched.scheduler.post([owed = watched.owed] {
      Lock lock(owed->mutex);
      owed->since.reset();
    });
  }
  return names;
}

}  // namespace dualtrace::agent
