// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/observe.h"

#include <algorithm>

namespace dualtrace::ctl {

bool is_ready(const Json& pod) {
  const Json& conditions = array_at(pod, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return text_at(condition, {"type"}) == "Ready" && text_at(condition, {"status"}) == "True";
  });
}

std::optional<DaemonSetFact> observe_daemon_set(const Json* cached, int64_t applied_generation) {
  if (cached == nullptr) return std::nullopt;
  const auto number = [&](JsonPath path) { return integer_at(*cached, path).value_or(0); };
  return DaemonSetFact{
      .generation = std::max(number({"metadata", "generation"}), applied_generation),
      .observed_generation = number({"status", "observedGeneration"}),
      .desired = number({"status", "desiredNumberScheduled"}),
      .ready = number({"status", "numberReady"}),
      .updated = number({"status", "updatedNumberScheduled"}),
      .available = number({"status", "numberAvailable"}),
      .scheduled = number({"status", "currentNumberScheduled"})};
}

Tick TextWatch::note(const std::string& text, Tick now) {
  if (!since_ || text != text_) since_ = now;
  text_ = text;
  return *since_;
}

Tick RolloutWatch::note(const DaemonSetFact& set, Tick now) {
  if (!since_ || set != counts_) since_ = now;
  counts_ = set;
  return *since_;
}

std::vector<AgentPod> observe_pods(const std::vector<kube::ObjectPointer>& pods) {
  std::vector<AgentPod> found;
  for (const kube::ObjectPointer& pod : pods) {
    const std::string_view address = text_at(*pod, {"status", "podIP"});
    if (address.empty() || text_at(*pod, {"status", "phase"}) != "Running") continue;
    found.push_back({.key = kube::key_of(*pod),
                     .uid = std::string(text_at(*pod, {"metadata", "uid"})),
                     .node = std::string(text_at(*pod, {"spec", "nodeName"})),
                     .address = std::string(address),
                     .ready = is_ready(*pod),
                     .ending = kube::is_ending(*pod)});
  }
  return found;
}

}  // namespace dualtrace::ctl
