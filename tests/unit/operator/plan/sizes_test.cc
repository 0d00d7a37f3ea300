// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/sizes.h"

#include <gtest/gtest.h>

#include "common/random/random.h"
#include "operator/plan/quantity.h"

namespace dualtrace::ctl {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;
constexpr std::string_view kArize =
    "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";
constexpr std::string_view kDatabricks =
    "databricks: {workspaceURL: https://x.example.com, table: a.b.c, auth: {tokenFile: t}}\n";

// For a limit in MiB, in MiB.
ReceiverSizes sizes_of(uint64_t limit) {
  const ReceiverSizes sizes = receiver_sizes(limit * kMebibyte);
  return {sizes.request_bytes / kMebibyte, sizes.memory_bytes / kMebibyte};
}

TEST(ReceiverSizes, LeaveAHundredAndTwentyEightMebibytesForTheRest) {
  EXPECT_EQ(sizes_of(200), (ReceiverSizes{18, 72}));
  EXPECT_EQ(sizes_of(256), (ReceiverSizes{32, 128}));
}

TEST(ReceiverSizes, TakeAtMostHalfOfTheLimit) {
  EXPECT_EQ(sizes_of(384), (ReceiverSizes{48, 192}));
  EXPECT_EQ(sizes_of(512), (ReceiverSizes{64, 256}));
  EXPECT_EQ(sizes_of(4096), (ReceiverSizes{64, 2048}));
}

TEST(ReceiverSizes, TakeAtLeastAQuarterOfASmallLimit) {
  EXPECT_EQ(sizes_of(128), (ReceiverSizes{8, 32}));
  EXPECT_EQ(sizes_of(32), (ReceiverSizes{4, 8}));
}

TEST(ReceiverSizes, AreValidForEveryLimit) {
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    const uint64_t limit = random.next() >> random.below(64);
    const ReceiverSizes sizes = receiver_sizes(limit);
    const ConfigOrFaults parsed = parse_agent_config(
        std::string(kArize) + "receiver: {limits: {requestBytes: " + quantity(sizes.request_bytes) +
            ", memoryBytes: " + quantity(sizes.memory_bytes) + "}}\n",
        "/");
    ASSERT_TRUE(parsed.config) << limit << ": " << to_string(parsed.faults);
    ASSERT_EQ(parsed.config->receiver.limits.memory_bytes, sizes.memory_bytes);
  }
}

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
