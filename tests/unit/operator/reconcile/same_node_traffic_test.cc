// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/same_node_traffic.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

std::string distribution(const World& world) {
  const Json service = world.child(kube::kServices);
  return std::string(text_at(service, {"spec", "trafficDistribution"}));
}

TEST(SameNodeTraffic, IsAskedOnceAndThenPlanned) {
  World world;
  world.settle();
  EXPECT_EQ(distribution(world), "PreferSameNode");
  const auto calls = world.api.calls();
  const auto asked = [](const kube::FakeApi::Call& call) { return call.verb == "dry-run apply"; };
  EXPECT_EQ(std::count_if(calls.begin(), calls.end(), asked), 1);
}

TEST(SameNodeTraffic, IsLeftOutWhereItIsRefusedUntilTheClusterIsUpgraded) {
  World world;
  world.api.fail_next("dry-run apply", kube::kServices,
                      {ErrorKind::kInvalid, "spec.trafficDistribution: Unsupported value"});
  world.settle();
  EXPECT_EQ(distribution(world), "");
  EXPECT_EQ(world.child(kube::kServices)["spec"]["internalTrafficPolicy"], "Local");
  world.clock.advance(std::chrono::minutes(11));
  world.settle();
  EXPECT_EQ(distribution(world), "PreferSameNode");
}

TEST(SameNodeTraffic, IsNotJudgedByARefusalOfSomethingElse) {
  World world;
  world.api.fail_next("dry-run apply", kube::kServices, {ErrorKind::kDenied, "a policy says no"});
  world.settle();
  EXPECT_EQ(distribution(world), "PreferSameNode");
}

TEST(SameNodeTraffic, WaitsForAnApiServerThatCannotSay) {
  World world;
  world.api.fail_next("dry-run apply", kube::kServices, {ErrorKind::kUnavailable, "no"});
  EXPECT_FALSE(world.run());
  EXPECT_TRUE(world.api.writes().empty()) << "nothing is planned from a guess";
  world.settle();
  EXPECT_EQ(distribution(world), "PreferSameNode");
}

TEST(SameNodeTraffic, IsNoQuestionForAnExportThatDoesNotWantIt) {
  World world;
  world.edit_export([](Json& object) { object["spec"]["agent"]["traffic"] = "SameNode"; });
  world.settle();
  for (const auto& call : world.api.calls()) EXPECT_NE(call.verb, "dry-run apply");
  EXPECT_EQ(distribution(world), "");
}

}  // namespace
}  // namespace dualtrace::ctl
