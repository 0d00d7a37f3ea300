// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fingerprints by which the agent and the operator tell configurations apart without comparing
// them: that of the text says which one an agent runs with, that of what only a restart changes
// says whether a new one needs new processes. Each is 12 hex digits of a SHA-256.
// Pure.

#include <string>
#include <string_view>

#include "common/config/agent_config.h"

namespace dualtrace {

// Of the file's text as it stands, valid or not.
[[nodiscard]] std::string config_fingerprint(std::string_view yaml);

// Of what a running agent cannot change: receiver.*, observe.*, delivery.{folder, durability,
// segmentBytes} and which destinations there are. Files count by their paths, which are made
// absolute by parse_agent_config's `folder`. A value that is the default counts as not written, so
// that a key of a later release changes no fingerprint.
[[nodiscard]] std::string restart_fingerprint(const AgentConfig& config);

}  // namespace dualtrace
