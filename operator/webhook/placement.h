// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a pod may run, as far as it says itself: whether any node that it can be placed on could
// have an agent. Agents run on Linux nodes with a kubelet; not on Windows, not on virtual nodes,
// which stand for somebody's service and run no DaemonSets. Pure.

#include <optional>

#include "common/json/json.h"
#include "operator/webhook/refusal.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {

// A refusal when no node of the pod can have an agent.
[[nodiscard]] std::optional<Refusal> check_placement(const Json& pod);

// A warning when some of its nodes may have none: it tolerates virtual nodes, and does not ask for
// them.
[[nodiscard]] std::optional<PodWarning> placement_warning(const Json& pod);

}  // namespace dualtrace::ctl
