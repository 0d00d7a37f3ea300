// SPDX-License-Identifier: Apache-2.0
#include "common/config/value.h"
#include "operator/plan/child.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {
namespace {

// As Kubernetes has an IntOrString: a number is no text there.
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

// There is no PodDisruptionBudget beside it: draining a node passes over a DaemonSet's pods.
Json daemon_set(const DualTraceExport& wanted, const AgentConfig& config,
                const Installation& installation) {
  constexpr int kMinReadySeconds = 5;
  constexpr int kRevisionHistoryLimit = 3;
  Json object = child(wanted, kube::kDaemonSets);
  object["spec"] = {
      {"selector", {{"matchLabels", pod_selector_labels(wanted.key.name)}}},
      // By default the new agent takes spans before the old one ends: each has a locked folder of
      // its own on the node's volume, and adopts what the other leaves (docs/architecture.md).
      {"updateStrategy", update_strategy(wanted.agent.update_strategy)},
      {"minReadySeconds", kMinReadySeconds},
      {"revisionHistoryLimit", kRevisionHistoryLimit},
      {"template", pod_template(wanted, config, installation)}};
  return object;
}

}  // namespace dualtrace::ctl
