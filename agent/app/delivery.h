// SPDX-License-Identifier: Apache-2.0
#pragma once
// Delivery: everything behind the journal: the destinations with their lanes, and the adopter that
// gives the lanes the journals of dead agents, too. A reload replaces single destinations and
// leaves the others alone.
// lanes() and journals() are thread-safe; the rest is used from one thread at a time.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/app/adopter.h"
#include "agent/app/destination.h"
#include "agent/journal/journal.h"
#include "agent/observe/heartbeats.h"
#include "agent/observe/snapshot.h"
#include "common/config/agent_config.h"
#include "common/io/file_system.h"
#include "common/metric/metric.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class Delivery {
 public:
  struct Parts {
    FileSystem& files;
    Clock& clock;
    MetricRegistry& metrics;
    Heartbeats& heartbeats;
    Journal& journal;
    FolderRights rights;
  };
  // All references outlive it, and stop() is called before it goes. `adopted` are the options of
  // journals that are found later, without their folders. Their lanes are those of the journal.
  Delivery(const AgentConfig& config, JournalOptions adopted, Parts parts);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Puts a destination of that configuration in the place of the one there is: what is in flight
  // gets some seconds to be answered, then it is cancelled; the new lane goes on with the first
  // span that has no word yet. Blocks until it does.
  void replace(const std::string& name, const AgentConfig& config);
  // Lets the lanes send what waits, until the deadline.
  void drain(Tick deadline);
  // Ends the lanes and makes durable how far they came; what is left stays in the journals. The
  // journal's scheduler still runs.
  void stop();

  [[nodiscard]] std::vector<LaneSnapshot> lanes() const;
  // The adopted ones.
  [[nodiscard]] std::vector<JournalSnapshot> journals() const { return adopter_.journals(); }

 private:
  [[nodiscard]] std::shared_ptr<Destination> make(const std::string& name,
                                                  const AgentConfig& config,
                                                  LaneLegacy legacy) const;
  // Gives it every journal; `reading` is called on its scheduler when it has begun with all of
  // them.
  void begin(Destination& destination, std::function<void()> reading);
  // Lets it send no more and takes its journals away.
  void end(Destination& destination);
  [[nodiscard]] std::vector<std::shared_ptr<Destination>> destinations() const;

  const Parts parts_;
  const std::shared_ptr<SharedBodies> bodies_;
  Adopter adopter_;

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Destination>> destinations_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
