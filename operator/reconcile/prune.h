// SPDX-License-Identifier: Apache-2.0
#pragma once
// Prune: removes the children that an export owns and no longer plans. A child is owned if it
// carries the export's label and names as its owner the export's uid or, as its controller, an
// export of the same name with another uid. The latter is the garbage collector's job, but it
// misses such a child if its watch of exports was disconnected while one was deleted and created
// again. Nothing else would ever remove the child, because two exports never have the same name at
// the same time. Any other object belongs to someone else.
// Thread-safe.

#include <optional>
#include <string>

#include "common/kube/api.h"
#include "common/metric/metric.h"
#include "operator/plan/plan.h"
#include "operator/reconcile/apply.h"

namespace dualtrace::ctl {

// Removes only objects that are still as the cache shows them. Continues after a failure, and
// returns the first one.
std::optional<WriteFailure> prune(kube::Api& api, const Plan& plan, const Children& children,
                                  const DualTraceExport& wanted, MetricRegistry& metrics);

}  // namespace dualtrace::ctl
