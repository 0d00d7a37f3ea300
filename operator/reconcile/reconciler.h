// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reconciler: all steps for one export on one screen: get → validate → plan → apply → prune →
// observe → status. Driven by control/. It reads its input from the cache, whatever has changed.
// Its memory between two runs only saves requests: killed at any point and restarted without it, it
// reaches the same result.
//
// Guarantees: children of an invalid export stay as they are, so that its agents keep running;
//   children of a deleted export are left to the garbage collector; a run that finds nothing to
//   change writes nothing.
// Errors: the first retryable one is returned after everything possible has been done and reported
//   in the status; kInvalid if only a change can help; kCancelled, immediately, if this process may
//   no longer write.
// Thread-safe for different keys at the same time. Blocks on the API server.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "common/kube/api.h"
#include "common/kube/event_recorder.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "operator/agents/agents.h"
#include "operator/api/scope.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/apply.h"
#include "operator/reconcile/belonging.h"
#include "operator/reconcile/cache.h"
#include "operator/reconcile/next.h"
#include "operator/reconcile/same_node_traffic.h"
#include "operator/reconcile/secrets.h"
#include "operator/reconcile/status_writer.h"

namespace dualtrace::ctl {

class Reconciler {
 public:
  // All outlive it.
  struct Parts {
    kube::Api& api;  // its writes fail with kCancelled if this process does not lead
    const Cache& cache;
    kube::EventSink& events;
    Agents& agents;
    Clock& clock;
    MetricRegistry& metrics;
    // The pods that ask for an export; empty if no webhook is served.
    std::function<InjectionFact(const kube::ObjectKey&)> injection{};
    Scope scope{};        // exports outside of it are released
    std::string lease{};  // with which this operator leads (belonging.h); "": without one
  };
  Reconciler(Installation installation, const Parts& parts, uint64_t seed);
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // As control/ calls it (next.h).
  Result<Next> reconcile(const kube::ObjectKey& key);

 private:
  struct Memory;  // of one export
  struct Round;   // what one run finds out

  std::shared_ptr<Memory> memory_of(const kube::ObjectKey& key, const Json& object);
  void forget(const kube::ObjectKey& key);
  Result<Next> let_go(const Json& object);
  Next leave(const Json& object, const std::string& other, Memory& memory) const;
  Result<PlanOrFaults> plan(const DualTraceExport& wanted);
  void validate(Round& round);
  static void refuse(Round& round);
  void check_secrets(Round& round);
  void apply(Round& round) const;
  void observe(Round& round) const;
  void watch_nodes(Round& round, const std::vector<kube::ObjectPointer>& pods) const;
  void watch_lost_nodes(Round& round, const std::vector<kube::ObjectPointer>& pods) const;
  void watch_losses(Round& round) const;
  void look_again_at(Round& round, const std::optional<WallTime>& when) const;
  void watch_differences(Round& round) const;
  void watch_rotations(Round& round) const;
  Result<Next> finish(Round& round) const;

  const Installation installation_;
  const Parts parts_;
  const Applier applier_;
  SameNodeTraffic same_node_traffic_;
  Belonging belonging_;
  const StatusWriter status_writer_;

  Mutex mutex_;
  std::map<kube::ObjectKey, std::shared_ptr<Memory>> memories_ DT_GUARDED_BY(mutex_);
  Random random_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl
