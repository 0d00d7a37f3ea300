// SPDX-License-Identifier: Apache-2.0
#pragma once
// ReceiverSizes: how much a receiver may take at a time if its container has a given memory limit.
// The operator writes them into the agents' configuration. An agent whose container has less memory
// than its configuration assumes, because something lowered the limit at admission, uses those of
// the real limit. docs/operations.md ("Memory use") explains the rule. Pure.

#include <cstdint>
#include <optional>

#include "common/config/agent_config.h"

namespace dualtrace {

struct ReceiverSizes {         // in bytes
  uint64_t request_bytes = 0;  // receiver.limits.requestBytes
  uint64_t memory_bytes = 0;   // receiver.limits.memoryBytes
  bool operator==(const ReceiverSizes&) const = default;
};

// `memory_limit` in bytes. Valid for any limit; useful from 64Mi on.
[[nodiscard]] ReceiverSizes receiver_sizes(uint64_t memory_limit);

// The configured limits if the container's memory allows them. If it does not, both sizes are at
// most those for the limit: a request that never fits into the memory is refused for good instead
// of being asked to retry. `memory_limit` in bytes; nullopt: there is none.
[[nodiscard]] ReceiverLimits limits_that_fit(const ReceiverLimits& configured,
                                             std::optional<uint64_t> memory_limit);

}  // namespace dualtrace
