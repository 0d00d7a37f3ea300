// SPDX-License-Identifier: Apache-2.0
#include "operator/control/triggers.h"

#include <gtest/gtest.h>

#include "operator/plan/names.h"
#include "tests/fakes/fake_clock.h"

namespace dualtrace::ctl {
namespace {

using kube::Change;
using kube::ObjectKey;
using kube::ObjectPointer;

const ObjectKey kKey{"space", "agents"};

Json an_export() {
  return Json::parse(R"({
    "metadata": {
      "name": "agents", "namespace": "space", "uid": "1", "generation": 1, "resourceVersion": "5",
      "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "x"},
      "managedFields": [
        {"manager": "kubectl", "operation": "Apply", "time": "2026-01-01T00:00:00Z",
         "fieldsV1": {"f:spec": {}}},
        {"manager": "dualtrace-operator/status", "operation": "Apply", "subresource": "status",
         "time": "2026-01-01T00:00:01Z", "fieldsV1": {"f:status": {}}}]},
    "spec": {},
    "status": {"observedGeneration": 1}})");
}

ObjectPointer share(Json object) { return std::make_shared<const Json>(std::move(object)); }

Change change(Json before, Json after) {
  trim_export(before);
  trim_export(after);
  return {kKey, share(std::move(before)), share(std::move(after))};
}

ExportTrigger trigger_of_edit(const Json& patch) {
  Json after = an_export();
  after.merge_patch(patch);
  return trigger_of_export(change(an_export(), after));
}

TEST(TriggerOfExport, LooksAtWhatCameOrWentAnew) {
  EXPECT_EQ(trigger_of_export({kKey, nullptr, share(an_export())}), ExportTrigger::kAnew);
  EXPECT_EQ(trigger_of_export({kKey, share(an_export()), nullptr}), ExportTrigger::kAnew);
}

TEST(TriggerOfExport, LooksAtAnotherSpecAnew) {
  EXPECT_EQ(trigger_of_edit({{"metadata", {{"generation", 2}}}}), ExportTrigger::kAnew);
  EXPECT_EQ(trigger_of_edit({{"metadata", {{"deletionTimestamp", "now"}}}}), ExportTrigger::kAnew);
  EXPECT_EQ(trigger_of_edit({{"metadata", {{"uid", "2"}}}}), ExportTrigger::kAnew);
}

TEST(TriggerOfExport, LooksAgainWhenAnAnnotationChanged) {
  EXPECT_EQ(trigger_of_edit({{"metadata", {{"annotations", {{"team", "y"}}}}}}),
            ExportTrigger::kAgain);
}

TEST(TriggerOfExport, SleepsThroughVersionsAndLabels) {
  EXPECT_EQ(trigger_of_edit({{"metadata", {{"resourceVersion", "6"}, {"labels", {{"a", "b"}}}}}}),
            ExportTrigger::kNone);
}

TEST(TriggerOfExport, WakesAtAnotherStatusAndAtNone) {
  EXPECT_EQ(trigger_of_edit({{"status", {{"observedGeneration", 7}}}}), ExportTrigger::kAgain);
  EXPECT_EQ(trigger_of_edit({{"status", nullptr}}), ExportTrigger::kAgain);
}

TEST(TriggerOfExport, WakesWhenSomebodyRemovesTheStatusAndThatItWasOurs) {
  Json after = an_export();
  after.erase("status");
  after["metadata"]["managedFields"].erase(1);
  EXPECT_EQ(trigger_of_export(change(an_export(), after)), ExportTrigger::kAgain);
}

TEST(TrimExport, DropsWhoWroteItAndWhatKubectlRemembers) {
  Json object = an_export();
  trim_export(object);
  EXPECT_FALSE(object["metadata"].contains("managedFields"));
  EXPECT_EQ(object["metadata"]["annotations"], Json::parse(R"({"team": "x"})"));
}

TEST(TrimExport, TakesWhatIsNotAnObjectAsItIs) {
  for (Json odd : {Json(nullptr), Json(1), Json{{"metadata", 1}}}) {
    const Json before = odd;
    trim_export(odd);
    EXPECT_EQ(odd, before);
  }
}

Json a_child(Json references, Json labels) {
  return {{"metadata",
           {{"name", "agents-dualtrace"},
            {"namespace", "space"},
            {"resourceVersion", "5"},
            {"ownerReferences", std::move(references)},
            {"labels", std::move(labels)}}}};
}

Json reference(const std::string& name) {
  return {{"apiVersion", "dualtrace.dev/v1alpha1"},
          {"kind", "DualTraceExport"},
          {"name", name},
          {"uid", "1"},
          {"controller", true}};
}

struct TriggersTest : ::testing::Test {
  FakeClock clock;
  MetricRegistry metrics;
  WorkQueue queue{"dualtraceexport", clock, metrics};
  Triggers triggers{queue, [](const std::string& space, const std::string& label) {
                      return std::vector<ObjectKey>{{space, "long-name-of-" + label}};
                    }};
  const Json labels{{kExportLabel, "cut"}};
  const Json owned = a_child(Json::array({reference("agents")}), labels);

  std::vector<ObjectKey> woken() {
    std::vector<ObjectKey> keys;
    while (auto key = queue.try_pop()) keys.push_back(*std::move(key));
    return keys;
  }
  void child(const Json& before, const Json& after) {
    triggers.child_changed({{"space", "agents-dualtrace"},
                            before.is_null() ? nullptr : share(before),
                            after.is_null() ? nullptr : share(after)});
  }
};

TEST_F(TriggersTest, AChildWakesTheExportThatControlsIt) {
  child(nullptr, owned);
  EXPECT_EQ(woken(), (std::vector{kKey}));
}

TEST_F(TriggersTest, ADeletedChildWakesItsExport) {
  child(owned, nullptr);
  EXPECT_EQ(woken(), (std::vector{kKey}));
}

TEST_F(TriggersTest, AnEditOfWhichOnlyTheVersionIsSeenWakesToo) {
  Json edited = owned;
  edited["metadata"]["resourceVersion"] = "6";
  child(owned, edited);
  EXPECT_EQ(woken(), (std::vector{kKey}));
}

TEST_F(TriggersTest, AChildWhoseReferenceWasRemovedWakesItsFormerExportAndThatOfItsLabel) {
  child(owned, a_child(Json::array(), labels));
  EXPECT_EQ(woken(), (std::vector{ObjectKey{"space", "long-name-of-cut"}, kKey}));
}

TEST_F(TriggersTest, AChildOfSomebodyElseWakesNobody) {
  Json foreign = reference("agents");
  foreign["apiVersion"] = "example.com/v1";
  Json loose = reference("agents");
  loose["controller"] = false;
  child(nullptr, a_child(Json::array({foreign, loose}), Json::object()));
  EXPECT_TRUE(woken().empty());
}

TEST_F(TriggersTest, APodWakesTheExportOfItsLabelWhenWhatIsKeptOfItChanged) {
  Json daemon_set = reference("agents-dualtrace");
  daemon_set["apiVersion"] = "apps/v1";
  daemon_set["kind"] = "DaemonSet";
  const Json pod = a_child(Json::array({daemon_set}), labels);
  triggers.pod_changed({{"space", "p"}, nullptr, share(pod)});
  EXPECT_EQ(woken(), (std::vector{ObjectKey{"space", "long-name-of-cut"}}));
  queue.done({"space", "long-name-of-cut"});

  Json newer = pod;
  newer["metadata"]["resourceVersion"] = "6";
  triggers.pod_changed({{"space", "p"}, share(pod), share(newer)});
  EXPECT_TRUE(woken().empty());

  newer["status"]["podIP"] = "10.0.0.1";
  triggers.pod_changed({{"space", "p"}, share(pod), share(newer)});
  EXPECT_EQ(woken().size(), 1U);
}

TEST_F(TriggersTest, AnExportThatAsksForSomethingElseStartsItsDelaysAgain) {
  queue.retry(kKey, Duration(0));
  queue.retry(kKey, Duration(0));
  triggers.export_changed({kKey, nullptr, share(an_export())});
  EXPECT_EQ(woken(), (std::vector{kKey}));
  EXPECT_EQ(queue.retry(kKey, Duration(0)), std::chrono::milliseconds(5));
}

TEST_F(TriggersTest, AnAnnotationLeavesTheDelaysAsTheyAre) {
  queue.retry(kKey, Duration(0));
  Json after = an_export();
  after["metadata"]["annotations"]["team"] = "y";
  triggers.export_changed(change(an_export(), after));
  EXPECT_EQ(woken(), (std::vector{kKey}));
  EXPECT_EQ(queue.retry(kKey, Duration(0)), std::chrono::milliseconds(10));
}

}  // namespace
}  // namespace dualtrace::ctl
