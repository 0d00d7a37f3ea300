// SPDX-License-Identifier: Apache-2.0
#pragma once
// Census: for each export the pods that ask for it, and which of them got what they asked for. A
// pod says so itself: the webhook writes its answer on it (operator/webhook); what has no answer
// began while no webhook was there. One that was refused counts at every export that it could have
// meant, for the authors of all of them can help. Used by CensusTaker. Pure.

#include <map>
#include <vector>

#include "operator/census/asking_pods.h"
#include "operator/census/pod_nodes.h"
#include "operator/status/facts.h"
#include "operator/webhook/directory.h"

namespace dualtrace::ctl {

using Census = std::map<kube::ObjectKey, InjectionFact>;  // exports that nobody asks for are absent

// `pods`: of all watched namespaces.
[[nodiscard]] Census take_census(const std::vector<AskingPodPointer>& pods,
                                 const Directory& directory, const PodNodes& nodes);
// Those of them that got the variables.
[[nodiscard]] std::vector<AskingPodPointer> injected_pods(
    const std::vector<AskingPodPointer>& pods);

}  // namespace dualtrace::ctl
