// SPDX-License-Identifier: Apache-2.0
#pragma once
// Census: for each export, the pods that request it, and which of them were injected. The webhook
// writes its answer on the pod (operator/webhook); a pod without an answer was created while no
// webhook answered. A refused pod counts for every export that it could have meant, because the
// authors of all of them can fix it. Used by CensusTaker. Pure.

#include <map>
#include <vector>

#include "operator/census/asking_pods.h"
#include "operator/census/pod_nodes.h"
#include "operator/status/facts.h"
#include "operator/webhook/cluster_view.h"

namespace dualtrace::ctl {

using Census = std::map<kube::ObjectKey, InjectionFact>;  // without exports that no pod asks for

// `pods`: of all watched namespaces.
[[nodiscard]] Census take_census(const std::vector<AskingPodPointer>& pods,
                                 const ClusterView& cluster, const PodNodes& nodes);
// Those of them that received the variables.
[[nodiscard]] std::vector<AskingPodPointer> injected_pods(
    const std::vector<AskingPodPointer>& pods);

}  // namespace dualtrace::ctl
