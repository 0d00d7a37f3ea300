// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/child.h"
#include "operator/plan/layout.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

// The protocol is written although it is the default: it is part of the key with which the API
// server merges the list.
Json port(std::string_view name, uint16_t number, std::string_view application_protocol) {
  return {{"name", name},
          {"port", number},
          {"protocol", "TCP"},
          {"targetPort", name},
          {"appProtocol", application_protocol}};
}

}  // namespace

// Routes applications to the agent on their own node or, if that node has no ready agent and the
// cluster supports it, to an agent on another node.
Json service(const DualTraceExport& wanted, const Installation& installation) {
  Json object = child(wanted, kube::kServices);
  object["spec"] = {
      {"type", "ClusterIP"},
      {"ipFamilyPolicy", "PreferDualStack"},
      {"selector", pod_selector_labels(wanted.key.name)},
      {"ports", Json::array({port(kOtlpGrpcPortName, kOtlpGrpcPort, "kubernetes.io/h2c"),
                             port(kOtlpHttpPortName, kOtlpHttpPort, "http")})}};
  const bool falls_back = falls_back_to_other_nodes(wanted.agent, installation);
  object["spec"]["internalTrafficPolicy"] = falls_back ? "Cluster" : "Local";
  if (falls_back) object["spec"]["trafficDistribution"] = "PreferSameNode";
  return object;
}

bool falls_back_to_other_nodes(const AgentSpec& agent, const Installation& installation) {
  return agent.traffic == Traffic::kPreferSameNode && installation.can_prefer_same_node;
}

}  // namespace dualtrace::ctl
