// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

TEST(Reconciler, MakesWhatIsPlannedAndThenSaysSo) {
  World world;
  ASSERT_TRUE(world.run());
  EXPECT_THAT(world.api.writes(), ElementsAre("apply serviceaccounts shop/agents-dualtrace",
                                              "apply configmaps shop/agents-dualtrace",
                                              "apply networkpolicies shop/agents-dualtrace",
                                              "apply services shop/agents-dualtrace",
                                              "apply daemonsets shop/agents-dualtrace",
                                              "apply dualtraceexports/status shop/agents"));
  const Json owner = world.child(kube::kDaemonSets)["metadata"]["ownerReferences"][0];
  EXPECT_EQ(owner["uid"], world.cache.find_export(kExport)->at("metadata").at("uid"));
  EXPECT_EQ(world.condition("ConfigValid"), "True Valid");
}

TEST(Reconciler, AsksNothingWhenAllIsAsItShouldBe) {
  World world;
  world.settle();
  world.api.forget_calls();
  ASSERT_TRUE(world.run());
  EXPECT_TRUE(world.api.calls().empty());
}

TEST(Reconciler, AppliesOnceAfterAStartAndChangesNothingByThat) {
  World world;
  world.settle();
  const Json before = world.child(kube::kDaemonSets);
  world.api.forget_calls();
  world.restart();
  world.settle();
  EXPECT_EQ(world.api.writes().size(), planned_types().size());
  EXPECT_EQ(world.child(kube::kDaemonSets), before);
}

TEST(Reconciler, WritesNothingAgainWhileTheCacheDoesNotShowItYet) {
  World world;
  ASSERT_TRUE(world.run());
  world.api.forget_calls();
  const auto next = world.reconcile();
  ASSERT_TRUE(next && next->after);
  EXPECT_EQ(*next->after, std::chrono::seconds(15)) << "in case the cache never shows it";
  EXPECT_TRUE(world.api.calls().empty());
  world.clock.advance(*next->after);
  ASSERT_TRUE(world.reconcile());
  EXPECT_EQ(world.api.writes().size(), planned_types().size() + 1) << "and the status";
}

TEST(Reconciler, PutsBackWhatSomebodyChanged) {
  World world;
  world.settle();
  const Json before = world.child(kube::kConfigMaps)["data"];
  world.edit(kube::kConfigMaps, [](Json& object) { object["data"].begin().value() = "broken"; });
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.child(kube::kConfigMaps)["data"], before);
  EXPECT_EQ(world.api.writes(), Texts{"apply configmaps shop/agents-dualtrace"});
}

TEST(Reconciler, PutsBackWhatSomebodyRemoved) {
  World world;
  world.settle();
  world.delete_child(kube::kServices);
  world.api.forget_calls();
  world.settle();
  EXPECT_TRUE(world.api.find(kube::kServices, kChild));
  EXPECT_EQ(world.api.writes(), Texts{"apply services shop/agents-dualtrace"});
}

TEST(Reconciler, LeavesAloneWhatOthersAdd) {
  World world;
  world.settle();
  world.edit(kube::kServices, [](Json& object) { object["metadata"]["annotations"]["x"] = "y"; });
  world.settle();
  EXPECT_EQ(world.child(kube::kServices)["metadata"]["annotations"]["x"], "y");
  world.api.forget_calls();
  ASSERT_TRUE(world.run());
  EXPECT_THAT(world.api.writes(), IsEmpty());
}

TEST(Reconciler, DoesNotApplyBecauseADaemonSetReports) {
  World world;
  world.settle();
  world.roll_out(3);
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.api.writes(), Texts{"apply dualtraceexports/status shop/agents"});
  EXPECT_EQ(world.status()["agents"], (Json{{"desired", 3}, {"ready", 3}, {"updated", 3}}));
}

TEST(Reconciler, AppliesWhatAChangeOfTheExportChanges) {
  World world;
  world.settle();
  world.api.forget_calls();
  world.edit_export([](Json& object) { object["spec"]["agent"]["logLevel"] = "Debug"; });
  world.settle();
  EXPECT_EQ(world.api.writes(), (Texts{"apply configmaps shop/agents-dualtrace",
                                       "apply dualtraceexports/status shop/agents"}));
}

TEST(Reconciler, DoesNotTakeADaemonSetForRolledOutThatTheCacheShowsAsItWas) {
  World world;
  world.settle();
  world.roll_out(3);
  world.settle();
  ASSERT_EQ(world.condition("Progressing"), "False Stable");
  world.edit_export([](Json& object) { object["spec"]["agent"]["image"] = "agent:2"; });
  world.cache.refresh(kDualTraceExports);
  ASSERT_TRUE(world.reconcile());
  EXPECT_EQ(world.condition("Progressing"), "True Applying");
  EXPECT_EQ(world.status()["observedGeneration"], 2);
}

TEST(Reconciler, LeavesTheChildrenOfAFaultyExportAsTheyAre) {
  World world;
  world.settle();
  const Json before = world.child(kube::kDaemonSets);
  world.edit_export([](Json& object) { object["spec"]["databricks"]["table"] = "spans"; });
  world.edit(kube::kConfigMaps, [](Json& object) { object["data"]["by"] = "hand"; });
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.api.writes(), Texts{"apply dualtraceexports/status shop/agents"});
  EXPECT_EQ(world.condition("ConfigValid"), "False Invalid");
  EXPECT_EQ(world.child(kube::kDaemonSets), before);
}

TEST(Reconciler, LeavesWhatADeletedExportOwnedToTheGarbageCollector) {
  World world;
  world.settle();
  ASSERT_TRUE(world.agents.pods.contains(kExport));
  world.edit_export([](Json& object) { object["metadata"]["deletionTimestamp"] = "2026-01-01"; });
  world.delete_child(kube::kServices);
  world.api.forget_calls();
  ASSERT_TRUE(world.run());
  world.api.erase(kDualTraceExports, kExport);
  const auto next = world.run();
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->after);
  EXPECT_TRUE(world.api.calls().empty());
  EXPECT_FALSE(world.agents.pods.contains(kExport));
}

TEST(Reconciler, AdoptsWhatAnExportOfTheSameNameHasLeft) {
  World world;
  world.settle();
  world.api.erase(kDualTraceExports, kExport);
  const Json made = world.api.put(kDualTraceExports, export_object());
  world.settle();
  const auto owner = [&](const kube::ResourceType& type) {
    return world.child(type)["metadata"]["ownerReferences"][0]["uid"];
  };
  for (const auto& type : planned_types()) EXPECT_EQ(owner(type), made["metadata"]["uid"]);
  // The garbage collector had already decided to delete them.
  world.delete_child(kube::kDaemonSets);
  world.delete_child(kube::kConfigMaps);
  world.settle();
  for (const auto& type : planned_types()) EXPECT_EQ(owner(type), made["metadata"]["uid"]);
}

TEST(Reconciler, DoesNotTakeOverWhatWasNeverItsOwn) {
  World world;
  world.api.put(kube::kConfigMaps, {{"metadata", {{"namespace", "shop"}, {"name", kChild.name}}},
                                    {"data", {{"theirs", "1"}}}});
  world.cache.refresh();
  EXPECT_EQ(world.reconcile().error().kind, ErrorKind::kConflict);
  EXPECT_EQ(world.child(kube::kConfigMaps)["data"], (Json{{"theirs", "1"}}));
  EXPECT_TRUE(world.api.find(kube::kDaemonSets, kChild)) << "the others are created";
  world.clock.advance(std::chrono::seconds(10));
  EXPECT_EQ(world.run().error().kind, ErrorKind::kConflict);
  EXPECT_EQ(world.condition("Progressing"), "False ApplyFailed");
}

TEST(Reconciler, TakesBackAChildWhoseLabelsSomebodyRemoved) {
  World world;
  world.settle();
  world.edit(kube::kServices, [](Json& object) { object["metadata"].erase("labels"); });
  world.settle();
  EXPECT_EQ(text_at(world.child(kube::kServices), {"metadata", "labels", kManagedByLabel}),
            kManagedByValue);
}

TEST(Reconciler, LooksAtTheSecretsAgainWhenItIsTime) {
  World world;
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LT(*next->after, std::chrono::minutes(11));
  world.settle();
  world.api.forget_calls();
  world.clock.advance(std::chrono::minutes(12));
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.api.calls().size(), 2U) << "the metadata of two Secrets";
}

}  // namespace
}  // namespace dualtrace::ctl
