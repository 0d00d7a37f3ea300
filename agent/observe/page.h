// SPDX-License-Identifier: Apache-2.0
#pragma once
// Page: renders a snapshot as one HTML page for people (GET /). It loads nothing, runs no script,
// refreshes itself, and escapes all text that comes from outside. Pure.

#include <string>
#include <string_view>

#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

[[nodiscard]] std::string status_page(const AgentSnapshot& snapshot);

[[nodiscard]] std::string escape_html(std::string_view text);
// "3.4 MiB", "812 B".
[[nodiscard]] std::string human_bytes(uint64_t bytes);
// "2d 3h", "4m 10s", "0s": the two largest units.
[[nodiscard]] std::string human_seconds(double seconds);

}  // namespace dualtrace::agent
