// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/trim.h"

#include <gtest/gtest.h>

#include "operator/plan/names.h"
#include "operator/reconcile/observe.h"

namespace dualtrace::ctl {
namespace {

Json object() {
  return {{"metadata",
           {{"namespace", "shop"},
            {"name", "agents-dualtrace"},
            {"uid", "u"},
            {"resourceVersion", "7"},
            {"generation", 2},
            {"labels", {{std::string(kExportLabel), "agents"}, {"other", "label"}}},
            {"ownerReferences", Json::array({{{"uid", "o"}, {"controller", true}}})},
            {"managedFields", Json::array({{{"manager", "a"}, {"time", "1"}}})}}},
          {"spec", {{"large", "thing"}}},
          {"status",
           {{"observedGeneration", 1},
            {"desiredNumberScheduled", 3},
            {"numberReady", 1},
            {"conditions", Json::array()}}}};
}

TEST(Trim, KeepsTheEssenceOfTheWholeObject) {
  for (const auto& type : {kube::kConfigMaps, kube::kDaemonSets}) {
    Json trimmed = object();
    trim_of(type)(trimmed);
    EXPECT_EQ(essence_of(trimmed), essence_of(object()));
    EXPECT_FALSE(trimmed.contains("spec"));
    EXPECT_FALSE(trimmed["metadata"].contains("managedFields"));
    EXPECT_EQ(kube::key_of(trimmed), kube::key_of(object()));
    EXPECT_EQ(text_at(trimmed, {"metadata", "labels", kExportLabel}), "agents");
    EXPECT_EQ(trimmed["metadata"]["ownerReferences"], object()["metadata"]["ownerReferences"]);
  }
}

TEST(Trim, TheEssenceMovesWithEveryEditAndNotWithAStatus) {
  Json edited = object();
  edited["metadata"]["managedFields"].push_back({{"manager", "kubectl-edit"}, {"time", "2"}});
  EXPECT_NE(essence_of(edited), essence_of(object()));
  edited = object();
  edited["metadata"]["labels"]["other"] = "changed";
  EXPECT_NE(essence_of(edited), essence_of(object()));
  edited = object();
  edited["metadata"]["generation"] = 3;
  EXPECT_NE(essence_of(edited), essence_of(object()));

  Json reported = object();
  reported["metadata"]["resourceVersion"] = "8";
  reported["status"]["numberReady"] = 3;
  reported["metadata"]["managedFields"].push_back(
      {{"manager", "controller"}, {"time", "3"}, {"subresource", "status"}});
  EXPECT_EQ(essence_of(reported), essence_of(object()));
}

TEST(Trim, LeavesOfADaemonSetWhatIsObserved) {
  Json trimmed = object();
  trim_of(kube::kDaemonSets)(trimmed);
  const auto fact = observe_daemon_set(&trimmed, 0);
  ASSERT_TRUE(fact);
  EXPECT_EQ(fact->generation, 2);
  EXPECT_EQ(fact->observed_generation, 1);
  EXPECT_EQ(fact->desired, 3);
  EXPECT_EQ(fact->ready, 1);
  EXPECT_EQ(fact->updated, 0);
  EXPECT_EQ(observe_daemon_set(&trimmed, 5)->generation, 5);
  EXPECT_FALSE(observe_daemon_set(nullptr, 5));
}

Json pod() {
  return {{"metadata", {{"namespace", "shop"}, {"name", "p"}, {"uid", "u"}}},
          {"spec", {{"nodeName", "node-1"}, {"containers", Json::array()}}},
          {"status",
           {{"phase", "Running"},
            {"podIP", "10.0.0.1"},
            {"conditions",
             Json::array({{{"type", "Ready"}, {"status", "True"}, {"lastProbeTime", "now"}}})}}}};
}

std::vector<AgentPod> observed(Json object) {
  trim_of(kube::kPods)(object);
  return observe_pods({std::make_shared<const Json>(std::move(object))});
}

TEST(Trim, LeavesOfAPodWhereItsAgentIs) {
  const AgentPod wanted{{"shop", "p"}, "u", "node-1", "10.0.0.1", true};
  EXPECT_EQ(observed(pod()), std::vector{wanted});
  Json other = pod();
  other["status"]["conditions"][0]["lastProbeTime"] = "later";
  Json trimmed = pod();
  trim_of(kube::kPods)(trimmed);
  trim_of(kube::kPods)(other);
  EXPECT_EQ(other, trimmed) << "nothing that matters has changed";
}

TEST(Trim, AnAgentThatCannotAnswerIsNotAsked) {
  Json starting = pod();
  starting["status"]["podIP"] = "";
  EXPECT_TRUE(observed(starting).empty());
  Json ended = pod();
  ended["status"]["phase"] = "Failed";
  EXPECT_TRUE(observed(ended).empty());
  Json ending = pod();
  ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  EXPECT_TRUE(observed(ending).at(0).ending) << "it still delivers";
  Json unready = pod();
  unready["status"]["conditions"][0]["status"] = "False";
  ASSERT_EQ(observed(unready).size(), 1U);
  EXPECT_FALSE(observed(unready)[0].ready);
}

}  // namespace
}  // namespace dualtrace::ctl
