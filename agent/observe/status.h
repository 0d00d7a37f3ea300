#pragma once
// Status: a snapshot as JSON, for the operator and for scripts (GET /status). Keys are only added,
// never renamed: agents and operators of different versions read each other. Pure.

#include <string>

#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

[[nodiscard]] std::string status_json(const AgentSnapshot& snapshot);

// 0 for what lies in the future.
[[nodiscard]] double seconds_since(WallTime then, WallTime now);

}  // namespace dualtrace::agent
