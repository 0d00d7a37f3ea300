// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/plan.h"

#include <utility>

#include "common/config/fingerprint.h"
#include "operator/plan/agent_config.h"
#include "operator/plan/child.h"

namespace dualtrace::ctl {

const std::vector<kube::ResourceType>& planned_types() {
  static const std::vector<kube::ResourceType> kTypes = {kube::kServiceAccounts, kube::kConfigMaps,
                                                         kube::kNetworkPolicies, kube::kServices,
                                                         kube::kDaemonSets};
  return kTypes;
}

PlanOrFaults plan_export(const DualTraceExport& wanted, const Installation& installation) {
  AgentYamlOrFaults made = agent_yaml(wanted);
  if (!made.yaml) return {std::nullopt, std::move(made.faults)};
  const AgentConfig& config = made.yaml->config;
  Plan plan;
  // Objects that pods refer to come before the pods.
  plan.objects = {{kube::kServiceAccounts, service_account(wanted)},
                  {kube::kConfigMaps, config_map(wanted, made.yaml->text)}};
  if (wanted.agent.network_policy.managed) {
    plan.objects.push_back({kube::kNetworkPolicies, network_policy(wanted, config)});
  }
  plan.objects.push_back({kube::kServices, service(wanted, installation)});
  plan.objects.push_back({kube::kDaemonSets, daemon_set(wanted, config, installation)});
  plan.config_fingerprint = config_fingerprint(made.yaml->text);
  plan.falls_back = falls_back_to_other_nodes(wanted.agent, installation);
  return {std::move(plan), {}};
}

}  // namespace dualtrace::ctl
