// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentSpec: spec.agent, an export's settings for the DaemonSet's pods and the objects around them.
// Made only by parse_export(), which fills in the defaults. Kubernetes' own structures
// (tolerations, affinity, rules of a NetworkPolicy) are kept as written. Immutable.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "operator/api/label_selector.h"

namespace dualtrace::ctl {

// What applications reach if their node has no ready agent.
enum class Traffic {
  kPreferSameNode,  // an agent on another node, if the cluster supports that
  kSameNode,        // none
};

// How new agents replace old ones. docs/decisions/0053 explains the default.
struct UpdateStrategy {
  bool on_delete = false;  // only when somebody deletes the old ones
  // A number of nodes, or a percentage of them; exactly one of the two is not zero.
  std::string max_surge = "100%";
  std::string max_unavailable = "0";
  bool operator==(const UpdateStrategy&) const = default;
};

// For a pod or a container: only the fields that the export sets.
struct SecurityContext {
  std::optional<int64_t> run_as_user;
  std::optional<int64_t> run_as_group;
  std::optional<int64_t> fs_group;  // of a pod
  Json se_linux_options;            // null: not set
  Json seccomp_profile;             // null: not set
  bool operator==(const SecurityContext&) const = default;
};

struct AgentNetworkPolicy {      // spec.agent.networkPolicy
  bool managed = true;           // false: none is created
  Json ingress = Json::array();  // rules besides our own, as in a NetworkPolicy
  Json egress = Json::array();
  bool operator==(const AgentNetworkPolicy&) const = default;
};

struct AgentSpec {                   // spec.agent
  std::optional<std::string> image;  // instead of the installation's
  std::string image_pull_policy;     // IfNotPresent, Always, Never
  Json image_pull_secrets;           // [{name}]
  Json resources;                    // {requests, limits}, complete
  Json node_selector;                // {label: value}
  std::optional<Json> tolerations;   // as in a pod; not set: every NoSchedule taint
  Json affinity;                     // as in a pod; null: none
  Json env = Json::array();          // [{name, value}], of the agent's container
  Labels labels;                     // of every object that the export owns, including the pods
  Labels annotations;                // the same
  UpdateStrategy update_strategy;
  // Not set: the user and groups are kAgentUser. Set: those that it names, and the platform chooses
  // the rest.
  std::optional<SecurityContext> pod_security_context;
  SecurityContext security_context;  // of the containers
  AgentNetworkPolicy network_policy;
  Traffic traffic = Traffic::kPreferSameNode;
  std::optional<std::string> priority_class_name;
  bool operator==(const AgentSpec&) const = default;
};

class FieldReader;

// Reads the section spec.agent; faults go to the reader's list.
[[nodiscard]] AgentSpec read_agent(FieldReader& section);

}  // namespace dualtrace::ctl
