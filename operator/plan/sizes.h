// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sizes that exports do not set: how much the agent may receive at a time, derived from its
// container's memory limit, and how much disk space its journal needs. docs/operations.md ("Memory
// use") explains the rule.
// Pure.

#include <cstdint>

#include "common/config/agent_config.h"

namespace dualtrace::ctl {

struct ReceiverSizes {
  uint64_t request_bytes = 0;
  uint64_t memory_bytes = 0;
  bool operator==(const ReceiverSizes&) const = default;
};

// Valid for any limit; useful from 64Mi on.
[[nodiscard]] ReceiverSizes receiver_sizes(uint64_t memory_limit);

// The most that the journal and the dead letters take on disk, in whole MiB.
[[nodiscard]] uint64_t data_bytes_max(const AgentConfig& config);

}  // namespace dualtrace::ctl
