// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plan: the objects that one export needs, as a pure function of the export and of how the operator
// was installed. One file for each kind makes the objects; this one lists them. reconcile/ applies
// planned objects and prunes others. Pure.

#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/agent_defaults.h"
#include "operator/api/consent.h"
#include "operator/api/dual_trace_export.h"
#include "operator/api/permissions.h"

namespace dualtrace::ctl {

// Settings of the installation and its cluster that apply to every export.
struct Installation {
  std::string agent_image;
  ConsentRules consent{};
  Permissions permissions{};
  // The API server accepts `trafficDistribution: PreferSameNode` (Kubernetes 1.34 and later).
  bool can_prefer_same_node = false;
  AgentDefaults agent_defaults{};  // for exports that do not set the fields themselves
  bool operator==(const Installation&) const = default;
};

struct PlannedObject {
  kube::ResourceType type;
  Json object;  // whole intent for server-side apply, with owner reference and labels
  bool operator==(const PlannedObject&) const = default;
};

struct Plan {
  std::vector<PlannedObject> objects;  // in the order in which to apply them
  // As agents report it in /status once they use this configuration.
  std::string config_fingerprint;
  // Pods on a node without a ready agent reach agents on other nodes.
  bool falls_back = false;
};

// Every kind that a plan may contain: reconcile/ watches and prunes these.
[[nodiscard]] const std::vector<kube::ResourceType>& planned_types();

// Either the plan or, if the agent's own validation rejects the configuration, its faults under the
// export's paths.
struct PlanOrFaults {
  std::optional<Plan> plan;
  std::vector<ExportFault> faults;
};
[[nodiscard]] PlanOrFaults plan_export(const DualTraceExport& wanted,
                                       const Installation& installation);

}  // namespace dualtrace::ctl
