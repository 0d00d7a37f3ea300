#include "operator/status/status.h"

#include <algorithm>
#include <array>

#include "common/time/rfc3339.h"
#include "operator/status/conditions.h"
#include "operator/status/lane_summary.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kErrorBytesMax = 256;

// The time moves only when the status does.
std::string transition_time(const Facts& facts, const Condition& condition) {
  const Json* before = previous_condition(facts, condition.type);
  if (before != nullptr && text_at(*before, {"status"}) == to_string(condition.status)) {
    const std::string_view when = text_at(*before, {"lastTransitionTime"});
    if (!when.empty()) return std::string(when);
  }
  return rfc3339(facts.now);
}

Json condition_json(const Facts& facts, const Condition& condition) {
  return {{"type", condition.type},
          {"status", to_string(condition.status)},
          {"observedGeneration", facts.generation},
          {"lastTransitionTime", transition_time(facts, condition)},
          {"reason", condition.reason},
          {"message", condition.message}};
}

Json destination_json(const LaneSummary& lane) {
  Json made = {{"name", lane.name}, {"state", to_string(lane.worst)}};
  if (lane.reporting == 0) return made;
  made["backlogBytes"] = lane.backlog_bytes;
  if (lane.oldest_undelivered) made["oldestUndelivered"] = rfc3339(*lane.oldest_undelivered);
  if (lane.last_delivered) made["lastDelivered"] = rfc3339(*lane.last_delivered);
  made["credential"] = {
      {"nodes", std::to_string(lane.agents_with_it) + "/" + std::to_string(lane.agents)}};
  if (!lane.fingerprint.empty()) made["credential"]["fingerprint"] = lane.fingerprint;
  if (!lane.error_reason.empty()) {
    made["lastError"] = {{"reason", lane.error_reason},
                         {"message", cut(lane.error_message, kErrorBytesMax)}};
  }
  if (!lane.nodes_failing.empty()) {
    const auto& nodes = lane.nodes_failing;
    made["nodesFailing"] = std::vector<std::string>(
        nodes.begin(), nodes.begin() + static_cast<ptrdiff_t>(std::min(nodes.size(), kNamesTold)));
  }
  return made;
}

Json injection_json(const InjectionFact& pods) {
  Json made = {{"annotated", pods.annotated}, {"injected", pods.injected}};
  if (pods.shut_out > 0) made["shutOut"] = pods.shut_out;
  if (!pods.missed.empty()) {
    made["missed"] = std::vector<std::string>(
        pods.missed.begin(),
        pods.missed.begin() + static_cast<ptrdiff_t>(std::min(pods.missed.size(), kNamesTold)));
  }
  return made;
}

Json agents_json(const Facts& facts) {
  const DaemonSetFact set = facts.daemon_set.value_or(DaemonSetFact{});
  return {{"desired", set.desired}, {"ready", set.ready}, {"updated", set.updated}};
}

}  // namespace

Json make_status(const Facts& facts) {
  const std::vector<LaneSummary> lanes = summarize_lanes(facts);
  Json conditions = Json::array();
  for (const Condition& condition : make_conditions(facts, lanes)) {
    conditions.push_back(condition_json(facts, condition));
  }
  Json destinations = Json::array();
  for (const LaneSummary& lane : lanes) destinations.push_back(destination_json(lane));
  Json status = {{"observedGeneration", facts.generation},
                 {"consent", to_string(facts.consent)},
                 {"conditions", conditions},
                 {"agents", agents_json(facts)},
                 {"destinations", destinations}};
  if (facts.injection) status["injection"] = injection_json(*facts.injection);
  return status;
}

}  // namespace dualtrace::ctl
