// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which export a pod's spans go to: the one that it names, or the only one that it can mean. The
// export must exist, be free of faults and admit the pod's namespace. Otherwise the result is a
// refusal that says what to do. "true" means the only export of the pod's namespace or, if that has
// none, the only export of the shared namespaces that admits it: people who may create exports in
// other namespaces cannot change that. Pure.

#include <vector>

#include "operator/webhook/known_exports.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

[[nodiscard]] OrRefusal<kube::ObjectKey> choose_export(const InjectionRequest& request,
                                                       const PodNamespace& from,
                                                       const KnownExports& exports);

// For the census: the chosen export or, for a pod that is refused, every export that it could have
// meant, in the order of their names. These are the one that it names; if that does not exist,
// those of the namespace that it names; if that has none, all that "true" could mean; if there are
// none, the shared ones, else those that admit the namespace, else the only one that exists.
[[nodiscard]] std::vector<kube::ObjectKey> exports_asked_for(const InjectionRequest& request,
                                                             const PodNamespace& from,
                                                             const KnownExports& exports);

// The request that stands for all those that have the same exports_asked_for() in a namespace.
// There are few of them, whatever names pods make up: for an export that does not exist, it is one
// with the name "" if the named namespace has exports, else "true".
[[nodiscard]] InjectionRequest counted_as(const InjectionRequest& request,
                                          const KnownExports& exports);

// Whether the agents of an export certainly block the pods of a namespace: pods that were injected
// while the export admitted them, and whose spans no longer arrive.
[[nodiscard]] bool is_shut_out(const PodNamespace& from, const kube::ObjectKey& export_key,
                               const KnownExports& exports);

}  // namespace dualtrace::ctl
