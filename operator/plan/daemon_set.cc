// SPDX-License-Identifier: Apache-2.0
#include "common/config/value.h"
#include "operator/plan/child.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

// An IntOrString of Kubernetes: a number must not be written as a string.
Json count_or_percent(const std::string& text) {
  if (text.ends_with('%')) return text;
  return parse_count(text).value();
}

Json update_strategy(const UpdateStrategy& wanted) {
  if (wanted.on_delete) return {{"type", "OnDelete"}};
  return {{"type", "RollingUpdate"},
          {"rollingUpdate",
           {{"maxSurge", count_or_percent(wanted.max_surge)},
            {"maxUnavailable", count_or_percent(wanted.max_unavailable)}}}};
}

}  // namespace

// There is no PodDisruptionBudget: draining a node skips the pods of a DaemonSet.
Json daemon_set(const DualTraceExport& wanted, const AgentConfig& config,
                const Installation& installation) {
  constexpr int kMinReadySeconds = 5;
  constexpr int kRevisionHistoryLimit = 3;
  Json object = child(wanted, kube::kDaemonSets);
  object["spec"] = {
      {"selector", {{"matchLabels", pod_selector_labels(wanted.key.name)}}},
      // By default the new agent receives spans before the old one stops: each locks a folder of
      // its own on the node's volume and adopts what the other leaves (docs/architecture.md).
      {"updateStrategy", update_strategy(wanted.agent.update_strategy)},
      {"minReadySeconds", kMinReadySeconds},
      {"revisionHistoryLimit", kRevisionHistoryLimit},
      {"template", pod_template(wanted, config, installation)}};
  return object;
}

}  // namespace dualtrace::ctl
