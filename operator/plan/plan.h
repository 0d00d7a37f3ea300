// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plan: everything that one export wants to exist, as a pure function of the export and of how the
// operator was installed. One file a kind makes the objects; this one lists them. reconcile/
// applies what is here and prunes what is not. Pure.

#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/agent_defaults.h"
#include "operator/api/consent.h"
#include "operator/api/dual_trace_export.h"
#include "operator/api/permissions.h"

namespace dualtrace::ctl {

// What the installation and its cluster decide for every export.
struct Installation {
  std::string agent_image;
  ConsentRules consent{};
  Permissions permissions{};
  // The API server takes `trafficDistribution: PreferSameNode` (Kubernetes 1.34 and later).
  bool can_prefer_same_node = false;
  AgentDefaults agent_defaults{};  // for exports that say nothing themselves
  bool operator==(const Installation&) const = default;
};

struct PlannedObject {
  kube::ResourceType type;
  Json object;  // whole intent for server-side apply, with owner reference and labels
  bool operator==(const PlannedObject&) const = default;
};

struct Plan {
  std::vector<PlannedObject> objects;  // in the order in which to apply them
  // Of the agent's configuration, as agents report it in /status once they run on it.
  std::string config_fingerprint;
  // Pods of a node without a ready agent reach those of other nodes.
  bool falls_back = false;
};

// Every kind that a plan may hold: what reconcile/ watches and prunes.
[[nodiscard]] const std::vector<kube::ResourceType>& planned_types();

// Either the plan or faults, when the agent's own validation refuses what the export asks for;
// their paths are the export's.
struct PlanOrFaults {
  std::optional<Plan> plan;
  std::vector<ExportFault> faults;
};
[[nodiscard]] PlanOrFaults plan_export(const DualTraceExport& wanted,
                                       const Installation& installation);

}  // namespace dualtrace::ctl
