// SPDX-License-Identifier: Apache-2.0
#pragma once
// PodTrouble: why a pod of a DaemonSet cannot run, in Kubernetes' own terms: what a person would
// find with `kubectl describe` on each of five hundred nodes. Pure.

#include <optional>
#include <string>

#include "common/json/json.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

// The node that a pod is on, or that its DaemonSet created it for: the scheduler leaves nodeName
// empty while the pod does not fit there. "" if neither is known.
[[nodiscard]] std::string node_of(const Json& pod);

struct PodTrouble {
  std::string reason;   // Unschedulable, ImagePullBackOff, CrashLoopBackOff, …
  std::string message;  // "" if Kubernetes gives none
  bool operator==(const PodTrouble&) const = default;
};
// "reason: message".
[[nodiscard]] std::string to_string(const PodTrouble& trouble);

// The trouble of a pod that is not ready; nullopt if it may just be starting. A pod recovers from
// such trouble only when something changes on its node, in the cluster or in the export.
[[nodiscard]] std::optional<PodTrouble> pod_trouble(const Json& pod);

// Its containers are ready according to the kubelet's last report, and the pod is not: the node has
// stopped reporting to the control plane.
[[nodiscard]] bool is_on_unheard_node(const Json& pod);

// When the pod was created, if it is on a node whose kubelet has not picked it up; else nullopt.
[[nodiscard]] std::optional<WallTime> waits_for_kubelet_since(const Json& pod);

// Keeps the part of a pod's status that the above functions read.
[[nodiscard]] Json kept_trouble(const Json& pod);

}  // namespace dualtrace::ctl
