// SPDX-License-Identifier: Apache-2.0
#pragma once
// Delivery: everything behind the journal: the destinations with their lanes, and the adopter that
// also gives the lanes the journals of agents that no longer run. A reload replaces single
// destinations and does not touch the others.
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
  // All references outlive the object, and stop() is called before it is destroyed. `adopted`
  // contains the options for journals that are found later, without their folders; it has the same
  // lanes as the journal.
  Delivery(const AgentConfig& config, JournalOptions adopted, Parts parts);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Replaces a destination by one with that configuration. Requests in flight have some seconds to
  // be answered, then they are cancelled. The new lane continues with the first span that is not
  // settled. Blocks until then.
  void replace(const std::string& name, const AgentConfig& config);
  // Lets the lanes send their backlog, until the deadline.
  void drain(Tick deadline);
  // Ends the lanes and syncs their cursors; what is left stays in the journals. The journal's
  // scheduler must still run.
  void stop();

  [[nodiscard]] std::vector<LaneSnapshot> lanes() const;
  // The adopted journals.
  [[nodiscard]] std::vector<JournalSnapshot> journals() const { return adopter_.journals(); }

 private:
  [[nodiscard]] std::shared_ptr<Destination> make(const std::string& name,
                                                  const AgentConfig& config,
                                                  DestinationLegacy legacy) const;
  // Gives the destination every journal. `reading` is called on its scheduler once it has begun to
  // read all of them.
  void begin(Destination& destination, std::function<void()> reading);
  // Stops its sending and detaches its journals.
  void end(Destination& destination);
  [[nodiscard]] std::vector<std::shared_ptr<Destination>> destinations() const;

  const Parts parts_;
  const std::shared_ptr<SharedBodies> bodies_;
  Adopter adopter_;

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Destination>> destinations_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
