// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/data_bytes.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;
constexpr std::string_view kArize =
    "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";
constexpr std::string_view kDatabricks =
    "databricks: {workspaceURL: https://x.example.com, table: a.b.c, auth: {tokenFile: t}}\n";

TEST(DataBytes, HoldEveryLanesBacklogAndDeadLettersAndSpareSegments) {
  const auto mebibytes = [](const std::string& yaml) {
    return data_bytes_max(*parse_agent_config(yaml, "/").config) / kMebibyte;
  };
  const std::string one(kArize);
  EXPECT_EQ(mebibytes(one), 4096 + 64 + 4 * 65);
  EXPECT_EQ(mebibytes(one + std::string(kDatabricks)), 2 * (4096 + 64) + 4 * 65);
  EXPECT_EQ(mebibytes(one + "delivery: {maxBacklog: 400M}\n"), 381 + 1 + 64 + 4 * 65);
}

}  // namespace
}  // namespace dualtrace::ctl
