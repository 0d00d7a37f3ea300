// SPDX-License-Identifier: Apache-2.0
#pragma once
// Descriptors: how many of the process's file descriptors the receiver's clients may use. The rest
// are reserved, so that clients can never keep the journal from starting a segment, a lane from
// sending, or the probes from being answered. Pure.

#include <cstdint>

#include "common/config/agent_config.h"

namespace dualtrace::agent {

// The most that journals, lanes and the status server need.
[[nodiscard]] uint64_t descriptors_set_aside(const AgentConfig& config);

// How many connections the receiver may accept if the process may open `descriptors` files:
// receiver.limits.connections, or what is left. At least one.
[[nodiscard]] uint32_t connections_that_fit(const AgentConfig& config, uint64_t descriptors);

}  // namespace dualtrace::agent
