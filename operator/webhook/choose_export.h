#pragma once
// Which export a pod's spans go to: the one that it names, or the only one that it can mean. It
// must exist, be free of faults and admit the pod's namespace; anything else is a refusal that says
// what to do. Pure.

#include <vector>

#include "common/kube/store.h"
#include "operator/api/dual_trace_export.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/request.h"

namespace dualtrace::ctl {

// One that is being deleted is none any more.
[[nodiscard]] bool is_going(const Json& object);

[[nodiscard]] OrRefusal<DualTraceExport> choose_export(
    const InjectionRequest& request, const PodNamespace& from,
    const std::vector<kube::ObjectPointer>& exports);

}  // namespace dualtrace::ctl
