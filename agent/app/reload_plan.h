// SPDX-License-Identifier: Apache-2.0
#pragma once
// ReloadPlan: what a running agent has to do to change from one configuration to another. Pure.

#include <string>
#include <vector>

#include "common/config/agent_config.h"

namespace dualtrace::agent {

struct ReloadPlan {
  // A change needs a restart. Then nothing is applied, because nobody wrote a configuration that is
  // half old and half new.
  bool restart_needed = false;
  std::vector<std::string> lanes;  // to be replaced; the others keep running
  bool operator==(const ReloadPlan&) const = default;
};

[[nodiscard]] ReloadPlan plan_reload(const AgentConfig& running, const AgentConfig& wanted);

}  // namespace dualtrace::agent
