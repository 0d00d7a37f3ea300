// SPDX-License-Identifier: Apache-2.0
// The conditions of a rollout that is stuck on some nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/status/conditions.h"
#include "operator/status/status.h"
#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using testing::HasSubstr;

TEST(Progressing, NamesAtOnceTheNodesThatCannotRunTheNewAgent) {
  World world;
  world.write();
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 12, 4, 12, 12};
  world.facts.nodes.cannot_run = {{"node-03", "ImagePullBackOff", "not found"},
                                  {"node-05", "Unschedulable", "1 Insufficient memory."},
                                  {"node-07", "ImagePullBackOff", "not found"}};
  const Json status = world.write();
  const Json rolling = condition_of(status, kProgressType);
  EXPECT_EQ(rolling.at("reason"), "RollingOut") << "other nodes still get it";
  EXPECT_EQ(
      rolling.at("message"),
      "4 of 12 nodes have the newest agent; node-03, node-07 cannot run it: ImagePullBackOff: "
      "not found; node-05 cannot run it: Unschedulable: 1 Insufficient memory.");
  EXPECT_EQ(status.at("agents").at("nodesFailing"), Json::parse(R"([
    {"node": "node-03", "reason": "ImagePullBackOff", "message": "not found"},
    {"node": "node-05", "reason": "Unschedulable", "message": "1 Insufficient memory."},
    {"node": "node-07", "reason": "ImagePullBackOff", "message": "not found"}])"));
  EXPECT_EQ(condition_of(status, kReadyType).at("status"), "True") << "the old ones keep running";

  world.facts.daemon_set->updated = 9;
  const Json over = world.write();
  EXPECT_EQ(condition_of(over, kProgressType).at("reason"), "NodesFailing");
  EXPECT_EQ(compare_status(status, over), StatusChange::kState);
  world.facts.nodes.cannot_run[0].reason = "CrashLoopBackOff";
  EXPECT_EQ(compare_status(over, world.status()), StatusChange::kState);
  world.facts.nodes.cannot_run[0] = {"node-03", "ImagePullBackOff", "other words"};
  EXPECT_NE(compare_status(over, world.status()), StatusChange::kState);
}

TEST(Progressing, IsNotStalledWhereAgentsAreReplacedByHand) {
  World world;
  world.wanted.agent.update_strategy.on_delete = true;
  world.facts.daemon_set->updated = 4;
  world.facts.rollout_still = kRolloutPatience;
  const Condition condition = progressing(world.facts);
  EXPECT_EQ(condition.reason, "RollingOut");
  EXPECT_THAT(condition.message, HasSubstr("when their old pod is deleted"));
}

TEST(Progressing, NamesFiveFailingNodesOfMany) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 500, 500, 4, 500, 500};
  for (int node = 100; node < 400; ++node) {
    world.facts.nodes.cannot_run.push_back({"node-" + std::to_string(node), "Unschedulable"});
  }
  const Json status = world.status();
  EXPECT_EQ(status.at("agents").at("nodesFailing").size(), 5U);
  EXPECT_THAT(text_at(condition_of(status, kProgressType), {"message"}),
              HasSubstr("node-104 and 295 more cannot run it: Unschedulable"));
}

TEST(AgentsAvailable, SaysWhatKubernetesSaysOfAPod) {
  World world;
  world.facts.daemon_set->available = 11;
  world.facts.nodes.failing = {{"node-03", "", "Unschedulable: 1 Insufficient memory."}};
  EXPECT_EQ(
      agents_available(world.facts).message,
      "11 of 12 agents are available (not on node-03): Unschedulable: 1 Insufficient memory.");
}

}  // namespace
}  // namespace dualtrace::ctl
