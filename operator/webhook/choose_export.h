// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which export a pod's spans go to: the one that it names, or the only one that it can mean. It
// must exist, be free of faults and admit the pod's namespace; anything else is a refusal that says
// what to do. "true" means the only export of the pod's namespace or, where that has none, the only
// one that admits it of the namespaces that the installation shares: whoever may create exports
// elsewhere changes nothing. Pure.

#include <vector>

#include "operator/webhook/known_exports.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

[[nodiscard]] OrRefusal<kube::ObjectKey> choose_export(const InjectionRequest& request,
                                                       const PodNamespace& from,
                                                       const KnownExports& exports);

// For the books: the export that is chosen or, of a pod that is refused, every one that it could
// have meant, in the order of their names: the one that it names; all that "true" could mean; where
// that is none, those that are shared, else those that admit the namespace, else the only one there
// is.
[[nodiscard]] std::vector<kube::ObjectKey> exports_asked_for(const InjectionRequest& request,
                                                             const PodNamespace& from,
                                                             const KnownExports& exports);

// Whether the agents of an export keep out the pods of a namespace, for certain: pods that were
// injected while it admitted them, and now send to nobody.
[[nodiscard]] bool is_shut_out(const PodNamespace& from, const kube::ObjectKey& export_key,
                               const KnownExports& exports);

}  // namespace dualtrace::ctl
