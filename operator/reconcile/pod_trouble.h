// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodTrouble: why a pod of a DaemonSet cannot run, in the words that Kubernetes has for it: what a
// person would find by `kubectl describe` on each of five hundred nodes. Pure.

#include <optional>
#include <string>

#include "common/json/json.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

// The node that a pod is on, or that its DaemonSet made it for: the scheduler leaves nodeName empty
// as long as the pod does not fit there. "" when neither is said.
[[nodiscard]] std::string node_of(const Json& pod);

struct PodTrouble {
  std::string reason;   // Unschedulable, ImagePullBackOff, CrashLoopBackOff, …
  std::string message;  // "" when Kubernetes says no more
  bool operator==(const PodTrouble&) const = default;
};
// "reason: message".
[[nodiscard]] std::string to_string(const PodTrouble& trouble);

// Of a pod that is not ready; nothing when it may just be starting. A pod in trouble gets out of it
// only when something changes on its node, in the cluster or in the export.
[[nodiscard]] std::optional<PodTrouble> pod_trouble(const Json& pod);

// Its containers are ready, as the kubelet last said, and it is not: the control plane hears
// nothing from the node.
[[nodiscard]] bool is_on_unheard_node(const Json& pod);

// When a pod that no kubelet has taken up was made; nothing when one has, or it is on no node.
[[nodiscard]] std::optional<WallTime> waits_for_kubelet_since(const Json& pod);

// Leaves of a pod's status what the above read.
[[nodiscard]] Json kept_trouble(const Json& pod);

}  // namespace dualtrace::ctl
