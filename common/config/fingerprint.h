// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fingerprints by which the agent and the operator distinguish configurations without comparing
// them: that of the text shows which one an agent runs with; that of the settings that need a
// restart shows whether a new configuration needs new processes. Each is 12 hex digits of a
// SHA-256.
// Pure.

#include <string>
#include <string_view>

#include "common/config/agent_config.h"

namespace dualtrace {

// The fingerprint of the file's text as it is, valid or not.
[[nodiscard]] std::string config_fingerprint(std::string_view yaml);

// The fingerprint of the settings that a running agent cannot change: the keys that need a restart
// by the schema, in its order, and the set of destinations. Files count by their paths, which
// parse_agent_config makes absolute with `folder`. A value equal to the default counts as not set,
// so that a key added in a later release changes no fingerprint.
[[nodiscard]] std::string restart_fingerprint(const AgentConfig& config);

}  // namespace dualtrace
