// SPDX-License-Identifier: Apache-2.0
#pragma once
// The objects that an export owns, one function and file for each kind. child() alone writes what
// they have in common (names, labels, the owner). Each is the fully specified intent for
// server-side apply; the API server's defaults fill in the other fields.
// Pure.

#include <string>

#include "common/config/agent_config.h"
#include "common/json/json.h"
#include "common/kube/object.h"
#include "operator/api/dual_trace_export.h"
#include "operator/plan/plan.h"

namespace dualtrace::ctl {

// apiVersion, kind and metadata, with the labels and annotations that the export asks for.
[[nodiscard]] Json child(const DualTraceExport& wanted, const kube::ResourceType& type);

[[nodiscard]] Json service_account(const DualTraceExport& wanted);
[[nodiscard]] Json config_map(const DualTraceExport& wanted, const std::string& agent_yaml);
[[nodiscard]] Json service(const DualTraceExport& wanted, const Installation& installation);
// Whether applications reach another node's agent if their own node has no ready one.
[[nodiscard]] bool falls_back_to_other_nodes(const AgentSpec& agent,
                                             const Installation& installation);
[[nodiscard]] Json network_policy(const DualTraceExport& wanted, const AgentConfig& config);
[[nodiscard]] Json daemon_set(const DualTraceExport& wanted, const AgentConfig& config,
                              const Installation& installation);

// The labels of every child of the export: those that it sets, and ours, which take precedence.
[[nodiscard]] Json labels_of(const DualTraceExport& wanted);
// What daemon_set() runs on every node.
[[nodiscard]] Json pod_template(const DualTraceExport& wanted, const AgentConfig& config,
                                const Installation& installation);
[[nodiscard]] Json pod_volumes(const DualTraceExport& wanted, const AgentConfig& config);

}  // namespace dualtrace::ctl
