// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a pod may run, according to its own spec: whether any node that it can be scheduled on
// could have an agent. Agents run on Linux nodes with a kubelet; not on Windows, and not on virtual
// nodes, which represent a cloud service and run no DaemonSets. Pure.

#include <optional>

#include "common/json/json.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {

// A refusal if no node for the pod can have an agent.
[[nodiscard]] std::optional<Refusal> check_placement(const Json& pod);

// A warning if some of the pod's nodes may have no agent: it tolerates virtual nodes but does not
// require them.
[[nodiscard]] std::optional<PodWarning> placement_warning(const Json& pod);

}  // namespace dualtrace::ctl
