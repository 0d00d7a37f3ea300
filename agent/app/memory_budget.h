// SPDX-License-Identifier: Apache-2.0
#pragma once
// MemoryBudget: how much memory the receiver may use if the container has less than the
// configuration assumes. Pure.

#include <algorithm>
#include <cstdint>
#include <optional>

namespace dualtrace::agent {

// The memory that the agent needs in addition to the receiver's budget (docs/operations.md, "Memory
// use"), with the defaults of `delivery`.
inline constexpr uint64_t kMemoryForTheRest = uint64_t{128} * 1024 * 1024;

// The configured budget, or what the limit leaves for it; at least a quarter of the limit, as in
// the operator's plan.
[[nodiscard]] constexpr uint64_t memory_budget(uint64_t configured, std::optional<uint64_t> limit) {
  if (!limit) return configured;
  const uint64_t left = *limit - std::min(*limit, kMemoryForTheRest);
  return std::min(configured, std::max(left, *limit / 4));
}

}  // namespace dualtrace::agent
