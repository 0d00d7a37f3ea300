// SPDX-License-Identifier: Apache-2.0
#pragma once
// Enricher: which attributes a configuration wants on the resources that lack them (docs/decisions/
// 0003). The application tells the intake; the adding itself is agent/otlp/splice. Pure.

#include <vector>

#include "agent/otlp/splice.h"
#include "common/config/agent_config.h"

namespace dualtrace::agent {

[[nodiscard]] std::vector<ResourceAddition> resource_additions(const AgentConfig& config);

}  // namespace dualtrace::agent
