// SPDX-License-Identifier: Apache-2.0
#pragma once
// SnapshotMetrics: the metrics that are read from a snapshot instead of being counted where events
// happen: the ledger, backlogs, states, journals, admission. refresh() before each scrape takes all
// of them at the same moment, so that the ledger balances within every scrape. Thread-safe.

#include <memory>
#include <set>
#include <string>

#include "agent/observe/snapshot.h"
#include "common/metric/metric.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class SnapshotMetrics {
 public:
  // The registry outlives the object.
  explicit SnapshotMetrics(MetricRegistry& registry);
  void refresh(AgentSnapshot snapshot);

 private:
  // Shared with the callbacks in the registry, which are never removed.
  struct Latest {
    Mutex mutex;
    AgentSnapshot snapshot DT_GUARDED_BY(mutex);
  };
  using OfAgent = double (*)(const AgentSnapshot&);
  using OfLane = std::function<double(const LaneStatus&, WallTime now)>;

  void add_agent(MetricRegistry::ValueType type, const std::string& name, const std::string& help,
                 OfAgent value);
  void add_lane(MetricRegistry::ValueType type, const std::string& name, const std::string& help,
                const MetricLabels& labels, OfLane value);
  void add_lane_metrics(const std::string& lane);

  MetricRegistry& registry_;
  const std::shared_ptr<Latest> latest_;
  Mutex mutex_;
  std::set<std::string> lanes_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
