// SPDX-License-Identifier: Apache-2.0
#include "agent/app/memory_budget.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;

TEST(MemoryBudget, IsTheConfigurationsWhereTheLimitAllowsIt) {
  EXPECT_EQ(memory_budget(64 * kMiB, std::nullopt), 64 * kMiB);
  EXPECT_EQ(memory_budget(64 * kMiB, 192 * kMiB), 64 * kMiB);
  EXPECT_EQ(memory_budget(64 * kMiB, 1024 * kMiB), 64 * kMiB);
}

TEST(MemoryBudget, IsWhatTheLimitLeaves) {
  EXPECT_EQ(memory_budget(256 * kMiB, 192 * kMiB), 64 * kMiB);
  EXPECT_EQ(memory_budget(256 * kMiB, 100 * kMiB), 25 * kMiB);
  EXPECT_EQ(memory_budget(256 * kMiB, 0), 0);
}

}  // namespace
}  // namespace dualtrace::agent
