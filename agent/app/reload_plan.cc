// SPDX-License-Identifier: Apache-2.0
#include "agent/app/reload_plan.h"

#include "agent/app/destination.h"
#include "common/config/fingerprint.h"

namespace dualtrace::agent {
namespace {

// The intake applies the project, not the lane.
std::optional<ArizeConfig> lane_config(std::optional<ArizeConfig> arize) {
  if (arize) arize->project.reset();
  return arize;
}

// The journal enforces the minimum of free disk space, not the lane.
DeliveryConfig lane_config(DeliveryConfig delivery) {
  delivery.min_free_disk = {};
  return delivery;
}

}  // namespace

// If the restart fingerprints are equal, both configurations have the same destinations, and any
// remaining difference in `delivery` concerns the lanes.
ReloadPlan plan_reload(const AgentConfig& running, const AgentConfig& wanted) {
  ReloadPlan plan;
  plan.restart_needed = restart_fingerprint(running) != restart_fingerprint(wanted);
  if (plan.restart_needed) return plan;
  const bool delivery_changes = lane_config(running.delivery) != lane_config(wanted.delivery);
  if (wanted.arize &&
      (delivery_changes || lane_config(running.arize) != lane_config(wanted.arize))) {
    plan.lanes.emplace_back(kArizeLane);
  }
  if (wanted.databricks && (delivery_changes || running.databricks != wanted.databricks)) {
    plan.lanes.emplace_back(kDatabricksLane);
  }
  return plan;
}

}  // namespace dualtrace::agent
