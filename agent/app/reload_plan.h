// SPDX-License-Identifier: Apache-2.0
#pragma once
// ReloadPlan: what a running agent has to do to come from one configuration to another. Pure.

#include <string>
#include <vector>

#include "common/config/agent_config.h"

namespace dualtrace::agent {

struct ReloadPlan {
  // Something changes that only a restart changes. Then nothing is done: half of a configuration is
  // none that anybody wrote.
  bool restart_needed = false;
  std::vector<std::string> lanes;  // those that are replaced; the others run on untouched
  bool operator==(const ReloadPlan&) const = default;
};

[[nodiscard]] ReloadPlan plan_reload(const AgentConfig& running, const AgentConfig& wanted);

}  // namespace dualtrace::agent
