// SPDX-License-Identifier: Apache-2.0
#pragma once
// CensusTaker: takes a Census after a change, at most once in an interval, and reports for which
// exports the result differs. It makes one pass over all pods instead of one for each export,
// because there may be fifty thousand pods. Used by operator/app; reconcile/ reads its results.
// Thread-safe.

#include <atomic>
#include <functional>
#include <vector>

#include "common/sync/mutex.h"
#include "common/time/scheduler.h"
#include "operator/census/census.h"

namespace dualtrace::ctl {

class CensusTaker {
 public:
  using Pods = std::function<std::vector<AskingPodPointer>()>;
  using Listener = std::function<void(const kube::ObjectKey& export_key)>;  // must not block

  // The scheduler is stopped before it is destroyed; the other arguments outlive it. While
  // `may_ask`, the nodes of injected pods are requested from `api`.
  CensusTaker(Duration interval, Pods pods, const ClusterView& cluster, kube::ListWatch& api,
              std::function<bool()> may_ask, Scheduler& scheduler, Listener listener);

  // A pod, an export or a namespace has changed, or the result of `may_ask`.
  void something_changed();
  [[nodiscard]] InjectionFact fact_of(const kube::ObjectKey& export_key) const;

 private:
  void take();

  const Duration interval_;
  const Pods pods_;
  const ClusterView& cluster_;
  Scheduler& scheduler_;
  const Listener listener_;
  std::atomic<bool> due_{false};
  PodNodes nodes_;  // on the scheduler

  mutable Mutex mutex_;
  Census census_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl
