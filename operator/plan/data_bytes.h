// SPDX-License-Identifier: Apache-2.0
#pragma once
// How much disk space an agent's journal needs, which exports do not set. Pure.

#include <cstdint>

#include "common/config/agent_config.h"

namespace dualtrace::ctl {

// The most that the journal and the dead letters take on disk, in whole MiB.
[[nodiscard]] uint64_t data_bytes_max(const AgentConfig& config);

}  // namespace dualtrace::ctl
