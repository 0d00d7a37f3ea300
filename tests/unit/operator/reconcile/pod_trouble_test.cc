// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/pod_trouble.h"

#include <gtest/gtest.h>

#include "operator/reconcile/trim.h"

namespace dualtrace::ctl {
namespace {

// A pod as the DaemonSet controller creates it for a node where it does not fit.
Json unplaced() {
  return Json::parse(R"({
    "metadata": {"namespace": "shop", "name": "p", "uid": "u",
                 "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
      "nodeSelectorTerms": [{"matchFields": [
        {"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]}}}},
    "status": {"phase": "Pending", "conditions": [
      {"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
       "message": "0/2 nodes are available: 1 Insufficient memory."}]}})");
}

Json with_container(const std::string& list, const std::string& container) {
  Json pod = Json::parse(R"({"metadata": {"name": "p"}, "spec": {"nodeName": "node-1"},
    "status": {"phase": "Pending", "startTime": "2026-01-01T00:00:00Z",
               "conditions": [{"type": "Ready", "status": "False"}]}})");
  pod["status"][list] = Json::array({Json::parse(container)});
  return pod;
}

// The trimmed pod must give the same result.
std::optional<PodTrouble> trouble_of(Json pod) {
  const auto whole = pod_trouble(pod);
  trim_of(kube::kPods)(pod);
  EXPECT_EQ(pod_trouble(pod), whole);
  return whole;
}

PodTrouble trouble(std::string reason, std::string message) {
  return {std::move(reason), std::move(message)};
}

TEST(PodTrouble, IsToldOfTheNodeThatAPodDoesNotFitOn) {
  Json pod = unplaced();
  EXPECT_EQ(node_of(pod), "node-1");
  EXPECT_EQ(trouble_of(pod),
            trouble("Unschedulable", "0/2 nodes are available: 1 Insufficient memory."));
  trim_of(kube::kPods)(pod);
  EXPECT_EQ(node_of(pod), "node-1");
}

TEST(PodTrouble, IsOneForAnImageWhateverTheKubeletIsDoingAboutIt) {
  for (const char* waiting :
       {R"({"ready": false, "state": {"waiting": {"reason": "ErrImagePull",
            "message": "registry: not found"}}})",
        R"({"ready": false, "state": {"waiting": {"reason": "ImagePullBackOff",
            "message": "Back-off pulling image \"a:1\": ErrImagePull: registry: not found"}}})"}) {
    EXPECT_EQ(trouble_of(with_container("containerStatuses", waiting)),
              trouble("ImagePullBackOff", "registry: not found"));
    EXPECT_EQ(trouble_of(with_container("initContainerStatuses", waiting)),
              trouble("ImagePullBackOff", "registry: not found"));
  }
}

TEST(PodTrouble, OfAContainerThatEndsIsItsLastWords) {
  EXPECT_EQ(trouble_of(with_container("containerStatuses", R"({"ready": false, "restartCount": 3,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting"}},
    "lastState": {"terminated": {"reason": "Error", "exitCode": 1,
                                 "message": "starting\nthe folder is locked\n"}}})")),
            trouble("CrashLoopBackOff", "Error, exit code 1: the folder is locked"));
  // It is running between two back-offs.
  EXPECT_EQ(trouble_of(with_container("containerStatuses", R"({"ready": false, "restartCount": 3,
    "state": {"running": {}},
    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}})")),
            trouble("CrashLoopBackOff", "OOMKilled, exit code 137"));
}

TEST(PodTrouble, IsWhatNoTimeMends) {
  EXPECT_EQ(trouble_of(with_container("containerStatuses", R"({"ready": false,
    "state": {"waiting": {"reason": "CreateContainerConfigError", "message": "no such user"}}})")),
            trouble("CreateContainerConfigError", "no such user"));
  Json failed = with_container("containerStatuses", R"({"ready": false})");
  failed["status"]["phase"] = "Failed";
  failed["status"]["reason"] = "OutOfmemory";
  failed["status"]["message"] = "Node didn't have enough resource: memory";
  EXPECT_EQ(trouble_of(failed), trouble("OutOfmemory", "Node didn't have enough resource: memory"));
}

TEST(PodTrouble, IsNoneWhereAPodMayJustBeStarting) {
  for (const char* state :
       {R"({"ready": false, "state": {"waiting": {"reason": "PodInitializing"}}})",
        R"({"ready": false, "state": {"waiting": {"reason": "ContainerCreating"}}})",
        R"({"ready": false, "restartCount": 0, "state": {"running": {}}})"}) {
    EXPECT_EQ(trouble_of(with_container("containerStatuses", state)), std::nullopt) << state;
  }
  EXPECT_EQ(trouble_of(with_container("initContainerStatuses", R"({"ready": true, "restartCount": 1,
    "state": {"terminated": {"exitCode": 0}},
    "lastState": {"terminated": {"exitCode": 1}}})")),
            std::nullopt);
}

TEST(PodTrouble, KnowsWhatNoKubeletHasTakenUp) {
  Json pod = unplaced();
  EXPECT_FALSE(waits_for_kubelet_since(pod)) << "it has no node";
  pod["spec"]["nodeName"] = "node-1";
  EXPECT_TRUE(waits_for_kubelet_since(pod));
  pod["status"]["startTime"] = "2026-01-01T00:00:01Z";
  EXPECT_FALSE(waits_for_kubelet_since(pod));
}

}  // namespace
}  // namespace dualtrace::ctl
