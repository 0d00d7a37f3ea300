// SPDX-License-Identifier: Apache-2.0
#pragma once
// CensusTaker: takes a Census when something has changed, at most once in an interval, and tells
// for which exports it came out differently. One pass over all pods in place of one for each
// export: there may be fifty thousand of them. Used by operator/app; reconcile/ asks it.
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

  // The scheduler is stopped before it is destroyed; all else outlives it. `api` is asked for the
  // nodes of injected pods, while `may_ask`.
  CensusTaker(Duration interval, Pods pods, const Directory& directory, kube::ListWatch& api,
              std::function<bool()> may_ask, Scheduler& scheduler, Listener listener);

  // A pod, an export or a namespace did, or whether it may ask.
  void something_changed();
  [[nodiscard]] InjectionFact fact_of(const kube::ObjectKey& export_key) const;

 private:
  void take();

  const Duration interval_;
  const Pods pods_;
  const Directory& directory_;
  Scheduler& scheduler_;
  const Listener listener_;
  std::atomic<bool> due_{false};
  PodNodes nodes_;  // on the scheduler

  mutable Mutex mutex_;
  Census census_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::ctl
