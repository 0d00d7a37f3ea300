// SPDX-License-Identifier: Apache-2.0
#pragma once
// Controller: the loop: pop a key → reconcile → Next. `workers` threads run it in parallel, each
// with a different key. operator/app starts one once everything is synced and this process leads.
// Thread-safe.
//
// Errors: kInvalid is not retried (only a change or the slow resync reconciles again). kCancelled
// while stopping is not an error. All others are retried with backoff, not before the error's
// retry_after.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/kube/object.h"
#include "common/log/log.h"
#include "common/metric/metric.h"
#include "common/random/random.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"
#include "operator/control/reconcile_metrics.h"
#include "operator/control/work_queue.h"
#include "operator/reconcile/next.h"

namespace dualtrace::ctl {

// What one reconciliation means for its key. Pure; `jitter` in [0, 1).
struct Verdict {
  enum class Result { kSuccess, kRequeueAfter, kError, kTerminal, kCancelled };
  Result result = Result::kSuccess;
  std::optional<Duration> after;  // when to reconcile again at the latest; nullopt: with backoff
};
[[nodiscard]] Verdict judge(const Result<Next>& outcome, Duration resync, double jitter);

class Controller {
 public:
  struct Options {
    std::string name;  // the metrics' label
    size_t workers = 4;
    // Every export is reconciled this often, ± 10 %, even without a change.
    Duration resync = std::chrono::minutes(10);
    // Whether the export with that key still exists: a deleted one needs no resync.
    std::function<bool(const kube::ObjectKey&)> exists;
    uint64_t seed = 0;
  };
  // The references outlive it.
  Controller(Options options, WorkQueue& queue, Reconcile reconcile, Clock& clock,
             MetricRegistry& metrics);
  // Stops, and waits for work in progress, however long that takes.
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // Starts no new work; returns false if work in progress has not ended by the deadline.
  // Idempotent.
  bool stop(Tick deadline);

 private:
  void work();
  void reconcile_one(const kube::ObjectKey& key);
  void settle(const kube::ObjectKey& key, const Result<Next>& outcome);
  void report(const kube::ObjectKey& key, const Error& error, const Verdict& verdict);
  double jitter();

  const Options options_;
  WorkQueue& queue_;
  const Reconcile reconcile_;
  Clock& clock_;
  const std::unique_ptr<ReconcileMetrics> metrics_;
  LogLimiter failures_{std::chrono::seconds(1)};

  Mutex mutex_;
  Random random_ DT_GUARDED_BY(mutex_);

  std::vector<std::thread> threads_;
};

}  // namespace dualtrace::ctl
