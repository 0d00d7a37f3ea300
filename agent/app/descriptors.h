// SPDX-License-Identifier: Apache-2.0
#pragma once
// Descriptors: how many of the process's file descriptors the receiver's clients may have. The
// others are set aside: without them the journal cannot begin a segment, a lane cannot send, and
// the probes fail, whatever the clients do. Immutable.

#include <cstdint>

#include "common/config/agent_config.h"

namespace dualtrace::agent {

// What journals, lanes and the status server need at most.
[[nodiscard]] uint64_t descriptors_set_aside(const AgentConfig& config);

// The connections that the receiver may have when the process may have `descriptors` open:
// receiver.limits.connections, or what is left. At least one.
[[nodiscard]] uint32_t connections_that_fit(const AgentConfig& config, uint64_t descriptors);

}  // namespace dualtrace::agent
