#pragma once
// Which export a pod's spans go to: the one that it names, or the only one that it can mean. It
// must exist, be free of faults and admit the pod's namespace; anything else is a refusal that says
// what to do. Pure.

#include "operator/webhook/known_exports.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

[[nodiscard]] OrRefusal<kube::ObjectKey> choose_export(const InjectionRequest& request,
                                                       const PodNamespace& from,
                                                       const KnownExports& exports);

}  // namespace dualtrace::ctl
