// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which containers of a pod get variables: those that its annotation dualtrace.dev/containers
// names, or else all long-running containers that its author wrote (added_containers.h).
// Pure.

#include <string>
#include <vector>

#include "common/json/json.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

struct ChosenContainer {
  std::string list;  // "containers", "initContainers"
  size_t index = 0;
  bool operator==(const ChosenContainer&) const = default;
};

[[nodiscard]] OrRefusal<std::vector<ChosenContainer>> choose_containers(const Json& pod);

}  // namespace dualtrace::ctl
