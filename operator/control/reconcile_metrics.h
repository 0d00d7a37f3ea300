// SPDX-License-Identifier: Apache-2.0
#pragma once
// ReconcileMetrics: controller-runtime's metrics of a controller, under the same names, so that
// existing dashboards work. Used by Controller.
// Thread-safe. The values live until the registry's last text() no longer needs them.

#include <atomic>
#include <memory>
#include <string>

#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

class ReconcileMetrics {
 public:
  ReconcileMetrics(const std::string& controller, size_t workers, MetricRegistry& metrics);

  void began() { active_->fetch_add(1); }
  void ended(Duration took);

  Counter& success;
  Counter& requeue_after;
  Counter& error;     // of result
  Counter& errors;    // controller_runtime_reconcile_errors_total
  Counter& terminal;  // those that are not retried

 private:
  Histogram& time_;
  const std::shared_ptr<std::atomic<int64_t>> active_;  // shared with the registry
};

}  // namespace dualtrace::ctl
