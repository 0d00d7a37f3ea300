#include "operator/plan/child.h"
#include "operator/plan/names.h"

namespace dualtrace::ctl {

// There is no PodDisruptionBudget beside it: draining a node passes over a DaemonSet's pods.
Json daemon_set(const DualTraceExport& wanted, const AgentConfig& config,
                const Installation& installation) {
  constexpr int kMinReadySeconds = 5;
  constexpr int kRevisionHistoryLimit = 3;
  Json object = child(wanted, kube::kDaemonSets);
  object["spec"] = {
      {"selector", {{"matchLabels", pod_selector_labels(wanted.key.name)}}},
      // The new agent takes spans before the old one ends: each has a locked folder of its own on
      // the node's volume, and adopts what the other leaves (docs/architecture.md).
      {"updateStrategy",
       {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}},
      {"minReadySeconds", kMinReadySeconds},
      {"revisionHistoryLimit", kRevisionHistoryLimit},
      {"template", pod_template(wanted, config, installation)}};
  return object;
}

}  // namespace dualtrace::ctl
