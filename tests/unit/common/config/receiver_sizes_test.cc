// SPDX-License-Identifier: Apache-2.0
#include "common/config/receiver_sizes.h"

#include <gtest/gtest.h>

#include "common/random/random.h"

namespace dualtrace {
namespace {

constexpr uint64_t kMebibyte = 1 << 20;
constexpr std::string_view kArize =
    "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";

// For a limit in MiB, in MiB.
ReceiverSizes sizes_of(uint64_t limit) {
  const ReceiverSizes sizes = receiver_sizes(limit * kMebibyte);
  return {sizes.request_bytes / kMebibyte, sizes.memory_bytes / kMebibyte};
}

// What the agent uses of this configuration, all in MiB; no limit if it is 0.
ReceiverSizes used(ReceiverSizes configured, uint64_t limit) {
  ReceiverLimits limits;
  limits.request_bytes = configured.request_bytes * kMebibyte;
  limits.memory_bytes = configured.memory_bytes * kMebibyte;
  const ReceiverLimits fitting =
      limits_that_fit(limits, limit == 0 ? std::nullopt : std::optional(limit * kMebibyte));
  return {fitting.request_bytes / kMebibyte, fitting.memory_bytes / kMebibyte};
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
        std::string(kArize) +
            "receiver: {limits: {requestBytes: " + std::to_string(sizes.request_bytes) +
            ", memoryBytes: " + std::to_string(sizes.memory_bytes) + "}}\n",
        "/");
    ASSERT_TRUE(parsed.config) << limit << ": " << to_string(parsed.faults);
    ASSERT_EQ(parsed.config->receiver.limits.memory_bytes, sizes.memory_bytes);
  }
}

TEST(LimitsThatFit, AreTheConfiguredOnesIfTheMemoryAllowsThem) {
  EXPECT_EQ(used({64, 64}, 0), (ReceiverSizes{64, 64}));
  EXPECT_EQ(used({64, 64}, 192), (ReceiverSizes{64, 64}));
  EXPECT_EQ(used({64, 64}, 1024), (ReceiverSizes{64, 64}));
  EXPECT_EQ(used({64, 256}, 512), (ReceiverSizes{64, 256}));
}

// Autopilot, a VerticalPodAutoscaler or a policy lowers the limit that the operator planned for.
TEST(LimitsThatFit, AreThoseThatTheOperatorWouldPlanForALoweredLimit) {
  for (const uint64_t planned : {512, 1024, 4096}) {
    for (const uint64_t lowered : {64, 128, 192, 256, 384, 512, 1000}) {
      if (lowered >= planned) continue;
      EXPECT_EQ(used(sizes_of(planned), lowered), sizes_of(lowered)) << planned << " " << lowered;
    }
  }
  EXPECT_EQ(used({64, 512}, 512), (ReceiverSizes{64, 256})) << "not 384: half of the limit";
}

TEST(LimitsThatFit, AreNeverMoreThanConfigured) {
  EXPECT_EQ(used({2, 256}, 192), (ReceiverSizes{2, 64}));
  ReceiverLimits configured;
  configured.streams = 7;
  EXPECT_EQ(limits_that_fit(configured, 192 * kMebibyte).streams, 7);
}

}  // namespace
}  // namespace dualtrace
