// SPDX-License-Identifier: Apache-2.0
#pragma once
// Prune: removes the children that an export owns and does not plan any more. Owned is what carries
// its label and names as its owner the export's uid or, as its controller, an export of its name
// that had another uid. The latter is the garbage collector's, which misses it where its watch of
// exports was torn while one was deleted and made anew; nobody else would ever remove it, for a
// name is never two exports' at once. Anything else is somebody's own.
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
                                  const DualTraceExport& wanted, MetricRegistry& metrics);

}  // namespace dualtrace::ctl
