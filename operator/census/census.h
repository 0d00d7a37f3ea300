#pragma once
// Census: for each export the pods that ask for it, and which of them got what they asked for. A
// pod says so itself: the webhook writes its answer on it (operator/webhook); what has no answer
// began while no webhook was there. One that was refused counts at every export that it could have
// meant, for the authors of all of them can help. Used by CensusTaker. Pure.

#include <map>
#include <vector>

#include "common/kube/store.h"
#include "operator/census/pod_nodes.h"
#include "operator/status/facts.h"
#include "operator/webhook/directory.h"

namespace dualtrace::ctl {

using Census = std::map<kube::ObjectKey, InjectionFact>;  // exports that nobody asks for are absent

// `pods`: of all watched namespaces, as trim_asking_pod() leaves them.
[[nodiscard]] Census take_census(const std::vector<kube::ObjectPointer>& pods,
                                 const Directory& directory, const PodNodes& nodes);
// Those of them that got the variables.
[[nodiscard]] std::vector<kube::ObjectPointer> injected_pods(
    const std::vector<kube::ObjectPointer>& pods);

// For the informer that keeps them: who the pod is, what it asks for and what it was told, without
// the sentences.
void trim_asking_pod(Json& pod);

}  // namespace dualtrace::ctl
