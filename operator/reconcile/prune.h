#pragma once
// Prune: removes the children that an export owns and does not plan any more. Owned is what carries
// its label and names its uid as the owner: what another export of the same name has left is the
// garbage collector's, and anything else is somebody's own.
// Thread-safe.

#include <optional>
#include <string>

#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/apply.h"

namespace dualtrace::ctl {

// Removes only what is still as the cache shows it. The first failure; it goes on after one.
std::optional<WriteFailure> prune(kube::Api& api, const Plan& plan, const Children& children,
                                  const std::string& export_uid, MetricRegistry& metrics);

}  // namespace dualtrace::ctl
