// SPDX-License-Identifier: Apache-2.0
#pragma once
// Enricher: which attributes a configuration adds to resources that lack them
// (docs/decisions/0003). app/ passes them to the intake; agent/otlp/splice adds them. Pure.

#include <vector>

#include "agent/otlp/splice.h"
#include "common/config/agent_config.h"

namespace dualtrace::agent {

[[nodiscard]] std::vector<ResourceAddition> resource_additions(const AgentConfig& config);

}  // namespace dualtrace::agent
