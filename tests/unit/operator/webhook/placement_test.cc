// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/placement.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

// "NotLinux", "NoAgentThere", "warned NoAgentThere", or "".
std::string judged(const Json& spec, const Json& labels = Json::object()) {
  Json pod = pod_with();
  pod["spec"].update(spec);
  pod["metadata"]["labels"] = labels;
  if (const auto refusal = check_placement(pod)) return std::string(to_string(refusal->reason));
  const auto warning = placement_warning(pod);
  return warning ? "warned " + std::string(warning->reason) : "";
}

Json selecting(const char* key, const char* value) { return {{"nodeSelector", {{key, value}}}}; }

Json expression(const char* key, const char* operation, Json values = Json::array()) {
  return {{"key", key}, {"operator", operation}, {"values", std::move(values)}};
}

Json affinity(Json terms) {
  return {{"affinity",
           {{"nodeAffinity",
             {{"requiredDuringSchedulingIgnoredDuringExecution",
               {{"nodeSelectorTerms", std::move(terms)}}}}}}}};
}

template <typename... Expression>
Json term(Expression... expressions) {
  return {{"matchExpressions", list_of(std::move(expressions)...)}};
}

constexpr const char* kOs = "kubernetes.io/os";

TEST(Placement, KnowsEveryWayToAskForWindows) {
  EXPECT_EQ(judged({{"os", {{"name", "windows"}}}}), "NotLinux");
  EXPECT_EQ(judged(selecting(kOs, "windows")), "NotLinux");
  EXPECT_EQ(judged(selecting("beta.kubernetes.io/os", "windows")), "NotLinux");
  EXPECT_EQ(judged(selecting("node.kubernetes.io/windows-build", "10.0.20348")), "NotLinux");
  EXPECT_EQ(judged(selecting("kubernetes.azure.com/os-sku", "Windows2022")), "NotLinux");
  EXPECT_EQ(judged(selecting("cloud.google.com/gke-os-distribution", "windows_ltsc")), "NotLinux");
  EXPECT_EQ(judged(selecting("node.openshift.io/os_id", "Windows")), "NotLinux");
  EXPECT_EQ(judged(affinity(list_of(term(expression(kOs, "In", {"windows"}))))), "NotLinux");
  EXPECT_EQ(judged(affinity(list_of(term(expression(kOs, "NotIn", {"linux"}))))), "NotLinux");
  EXPECT_EQ(judged(affinity(list_of(
                term(expression("zone", "In", {"a"}), expression(kOs, "In", {"windows"}))))),
            "NotLinux");
  EXPECT_EQ(
      judged(affinity(list_of(term(expression("node.kubernetes.io/windows-build", "Exists"))))),
      "NotLinux");
  EXPECT_EQ(judged({{"securityContext", {{"windowsOptions", {{"hostProcess", true}}}}}}),
            "NotLinux");
  const Json for_windows = {{"name", "x"},
                            {"securityContext", {{"windowsOptions", {{"hostProcess", true}}}}}};
  for (const char* list : {"containers", "initContainers"}) {
    EXPECT_EQ(judged({{list, list_of(for_windows)}}), "NotLinux") << list;
  }
  for (const char* runtime : {"windows-2022", "Windows2019", "runhcs-wcow-process"}) {
    EXPECT_EQ(judged({{"runtimeClassName", runtime}}), "NotLinux") << runtime;
  }
}

TEST(Placement, LeavesPodsThatLinuxNodesCanTake) {
  EXPECT_EQ(judged(Json::object()), "");
  EXPECT_EQ(judged({{"os", {{"name", "linux"}}}}), "");
  EXPECT_EQ(judged(selecting(kOs, "linux")), "");
  EXPECT_EQ(judged(selecting("team", "windows-migration")), "");
  EXPECT_EQ(judged(affinity(list_of(term(expression(kOs, "In", {"linux", "windows"}))))), "");
  EXPECT_EQ(judged(affinity(list_of(term(expression(kOs, "In", {"windows"})),
                                    term(expression(kOs, "In", {"linux"}))))),
            "")
      << "one term is enough";
  EXPECT_EQ(judged(affinity(list_of(term(expression(kOs, "Exists"))))), "");
  EXPECT_EQ(judged(affinity(Json::array())), "");
  EXPECT_EQ(judged({{"securityContext", {{"windowsOptions", Json::object()}}}}), "");
  EXPECT_EQ(judged({{"runtimeClassName", "kata"}}), "");
  EXPECT_EQ(judged({{"runtimeClassName", "windows"}, {"nodeSelector", {{kOs, "linux"}}}}), "");
  Json preferred;
  preferred["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
      list_of(Json{{"weight", 1}, {"preference", term(expression(kOs, "In", {"windows"}))}});
  EXPECT_EQ(judged(preferred), "") << "a preference is not binding";
}

TEST(Placement, KnowsEveryWayToAskForAVirtualNode) {
  EXPECT_EQ(judged(selecting("type", "virtual-kubelet")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("kubernetes.io/hostname", "virtual-node-aci-linux")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("eks.amazonaws.com/compute-type", "fargate")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("liqo.io/type", "virtual-node")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("node.kubernetes.io/instance-type", "eklet")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("virtualization", "virtualnode2")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("kwok.x-k8s.io/node", "fake")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("type", "kwok")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("vci.vke.volcengine.com/node-type", "vci")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("topology.liqo.io/type", "virtual-node")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("liqo.io/remote-cluster-id", "rome")), "NoAgentThere");
  EXPECT_EQ(judged(selecting("virtual-node.interlink/type", "virtual-kubelet")), "NoAgentThere");
  EXPECT_EQ(judged({{"nodeName", "virtual-node-aci-linux"}}), "NoAgentThere");
  EXPECT_EQ(judged({{"nodeName", "virtualnode-0"}}), "NoAgentThere");
  EXPECT_EQ(judged({{"nodeName", "fargate-ip-10-0-1-2.eu-west-1.compute.internal"}}),
            "NoAgentThere");
  EXPECT_EQ(judged({{"schedulerName", "fargate-scheduler"}}), "NoAgentThere");
  EXPECT_EQ(judged(Json::object(), {{"eks.amazonaws.com/fargate-profile", "default"}}),
            "NoAgentThere");
  EXPECT_EQ(judged(Json::object(), {{"alibabacloud.com/eci", "true"}}), "NoAgentThere");
  for (const char* word : {"bursting.cci.io/burst-to-cci", "virtual-kubelet.io/burst-to-cci",
                           "vke.volcengine.com/burst-to-vci"}) {
    EXPECT_EQ(judged(Json::object(), {{word, "enforce"}}), "NoAgentThere") << word;
    Json pod = pod_with();
    pod["metadata"]["annotations"][word] = "enforce";
    EXPECT_TRUE(check_placement(pod)) << word;
    EXPECT_EQ(judged(Json::object(), {{word, "auto"}}), "") << word;
  }
  EXPECT_EQ(judged(affinity(list_of(term(expression("liqo.io/remote-cluster-id", "Exists"))))),
            "NoAgentThere");
  EXPECT_EQ(judged(affinity(list_of(term(expression("type", "In", {"virtual-kubelet"}))))),
            "NoAgentThere");
  EXPECT_EQ(judged(affinity(list_of(term(expression("virtual-kubelet.io/provider", "Exists"))))),
            "NoAgentThere");
  Json by_field;
  by_field["matchFields"] = list_of(expression("metadata.name", "In", {"virtual-kubelet"}));
  EXPECT_EQ(judged(affinity(list_of(by_field))), "NoAgentThere");
}

TEST(Placement, LeavesPodsThatNodesWithAKubeletCanTake) {
  EXPECT_EQ(judged({{"nodeName", "node-1"}}), "");
  EXPECT_EQ(judged({{"nodeName", "virtualnodepool-3"}}), "");
  EXPECT_EQ(judged(selecting("type", "gpu")), "");
  EXPECT_EQ(judged(selecting("virtualization", "kvm")), "");
  EXPECT_EQ(judged(affinity(list_of(term(expression("type", "Exists"))))), "");
  EXPECT_EQ(judged(affinity(list_of(term(expression("type", "In", {"kwok", "gpu"}))))), "");
  EXPECT_EQ(judged(affinity(list_of(term(expression("type", "NotIn", {"virtual-kubelet"}))))), "");
  Json daemons;
  daemons["matchFields"] = list_of(expression("metadata.name", "In", {"node-1"}));
  EXPECT_EQ(judged(affinity(list_of(daemons))), "");
  EXPECT_EQ(judged(Json::object(), {{"alibabacloud.com/eci", "false"}}), "");
}

TEST(Placement, WarnsWhereAVirtualNodeIsOnlyAllowed) {
  const Json tolerating = {{"tolerations", Json::array({{{"key", "virtual-kubelet.io/provider"},
                                                         {"operator", "Exists"}}})}};
  EXPECT_EQ(judged(tolerating), "warned NoAgentThere");
  Json staying = affinity(list_of(term(expression("type", "NotIn", {"virtual-kubelet"}))));
  staying.update(tolerating);
  EXPECT_EQ(judged(staying), "");
  for (const Json& demand : {expression("virtualization", "NotIn", {"virtualnode2"}),
                             expression("type", "NotIn", {"kwok", "virtual-kubelet"}),
                             expression("virtual-kubelet.io/provider", "DoesNotExist"),
                             expression("kwok.x-k8s.io/node", "DoesNotExist"),
                             expression("liqo.io/type", "DoesNotExist")}) {
    staying = affinity(list_of(term(demand)));
    staying.update(tolerating);
    EXPECT_EQ(judged(staying), "") << demand;
  }
  staying = affinity(list_of(term(expression("type", "NotIn", {"gpu"}))));
  staying.update(tolerating);
  EXPECT_EQ(judged(staying), "warned NoAgentThere");
  EXPECT_EQ(judged({{"tolerations", Json::array({{{"operator", "Exists"}}})}}), "")
      << "a toleration of everything is not a preference";
}

}  // namespace
}  // namespace dualtrace::ctl
