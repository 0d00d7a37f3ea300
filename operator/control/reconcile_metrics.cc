// SPDX-License-Identifier: Apache-2.0
#include "operator/control/reconcile_metrics.h"

#include <vector>

namespace dualtrace::ctl {
namespace {

const std::vector<double>& time_bounds() {
  static const std::vector<double> bounds{
      0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6,
      0.7,   0.8,  0.9,   1,    1.25, 1.5,  1.75, 2,    2.5, 3,    3.5, 4,    4.5, 5,
      6,     7,    8,     9,    10,   15,   20,   25,   30,  40,   50,  60};
  return bounds;
}

Counter& result(MetricRegistry& metrics, const std::string& controller, const char* name) {
  return metrics.counter("controller_runtime_reconcile_total", "Reconciliations by result.",
                         {{"controller", controller}, {"result", name}});
}

}  // namespace

ReconcileMetrics::ReconcileMetrics(const std::string& controller, size_t workers,
                                   MetricRegistry& metrics)
    : success(result(metrics, controller, "success")),
      requeue_after(result(metrics, controller, "requeue_after")),
      error(result(metrics, controller, "error")),
      errors(metrics.counter("controller_runtime_reconcile_errors_total",
                             "Reconciliations that failed.", {{"controller", controller}})),
      terminal(metrics.counter("controller_runtime_terminal_reconcile_errors_total",
                               "Reconciliations that failed and are not retried.",
                               {{"controller", controller}})),
      time_(metrics.histogram("controller_runtime_reconcile_time_seconds",
                              "How long a reconciliation took.", time_bounds(),
                              {{"controller", controller}})),
      active_(std::make_shared<std::atomic<int64_t>>(0)) {
  using Type = MetricRegistry::ValueType;
  metrics.observe(Type::kGauge, "controller_runtime_active_workers", "Reconciliations in progress.",
                  {{"controller", controller}},
                  [active = active_] { return static_cast<double>(active->load()); });
  metrics.observe(Type::kGauge, "controller_runtime_max_concurrent_reconciles",
                  "How many reconciliations may run at once.", {{"controller", controller}},
                  [workers] { return static_cast<double>(workers); });
}

void ReconcileMetrics::ended(Duration took) {
  active_->fetch_sub(1);
  time_.observe(std::chrono::duration<double>(took).count());
}

}  // namespace dualtrace::ctl
