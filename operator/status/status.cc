// SPDX-License-Identifier: Apache-2.0
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
constexpr std::string_view kUnknownState = "Unknown";  // no agent has reported a known state
constexpr size_t kReasonsTold = 32;
constexpr size_t kSilentTold = 20;
constexpr size_t kRecentLossesMax = 20;

// The time changes only when the status does.
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

// The error of the node in the worst state or, if all deliver, of the spans that were recently
// lost.
std::optional<report::LastError> error_of(const LaneSummary& lane) {
  if (!lane.error.reason.empty()) return lane.error;
  if (lane.losses.empty()) return std::nullopt;
  return report::LastError{lane.losses.front().reason, lane.losses.front().message};
}

Json destination_json(const LaneSummary& lane, const Facts& facts) {
  Json made = {{"name", to_string(lane.destination)},
               {"state", lane.worst ? to_string(*lane.worst) : kUnknownState}};
  if (lane.reporting == 0) return made;
  made["backlogBytes"] = lane.backlog_bytes;
  if (lane.oldest_undelivered) made["oldestUndelivered"] = rfc3339(*lane.oldest_undelivered);
  if (lane.last_delivered) made["lastDelivered"] = rfc3339(*lane.last_delivered);
  made["credential"] = credential_json(lane, facts);
  if (const auto error = error_of(lane)) {
    made["lastError"] = {{"reason", error->reason},
                         {"message", cut(error->message, kErrorBytesMax)}};
  }
  if (lane.lost_spans > 0) {
    made["lost"] = {{"spans", lane.lost_spans},
                    {"reason", lane.last_loss.reason},
                    {"message", cut(lane.last_loss.message, kErrorBytesMax)}};
    if (lane.last_loss.last) made["lost"]["last"] = rfc3339(*lane.last_loss.last);
  }
  if (!lane.nodes_failing.empty()) made["nodesFailing"] = first_names(lane.nodes_failing);
  return made;
}

// Most frequent first.
Json counts_json(const std::map<std::string, int64_t>& pods_by_reason) {
  std::vector<std::pair<std::string, int64_t>> sorted(pods_by_reason.begin(), pods_by_reason.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > kReasonsTold) sorted.resize(kReasonsTold);
  Json counts = Json::array();
  for (const auto& [reason, pods] : sorted) {
    counts.push_back({{"reason", reason}, {"pods", pods}});
  }
  return counts;
}

Json injection_json(const InjectionFact& pods, const UnservedFact& unserved) {
  Json made = {{"annotated", pods.annotated}, {"injected", pods.injected}};
  made["unserved"] = unserved.pods;
  if (!unserved.names.empty()) made["unservedPods"] = unserved.names;
  if (pods.shut_out > 0) made["shutOut"] = pods.shut_out;
  if (!pods.missed.empty()) made["missed"] = first_names(pods.missed);
  if (!pods.skipped.empty()) made["skipped"] = counts_json(pods.skipped);
  if (!pods.warned.empty()) made["warned"] = counts_json(pods.warned);
  return made;
}

Json backlog_json(const std::string& node, const std::string& disk,
                  const std::vector<Backlog>& backlog) {
  Json made = {{"node", node}, {"destinations", Json::array()}};
  if (!disk.empty()) made["disk"] = disk;
  for (const Backlog& each : backlog) {
    made["destinations"].push_back(
        {{"name", each.destination}, {"spans", each.spans}, {"bytes", each.bytes}});
  }
  return made;
}

Json backlogs_json(const std::vector<NodeBacklogFact>& nodes) {
  Json made = Json::array();
  for (const NodeBacklogFact& one : nodes) {
    made.push_back(backlog_json(one.node, one.disk, one.backlog));
    if (one.gone_since) made.back()["goneSince"] = rfc3339(*one.gone_since);
  }
  return made;
}

Json nodes_lost_json(const std::vector<LostNodeFact>& nodes) {
  Json made = Json::array();
  for (const LostNodeFact& lost : nodes) {
    made.push_back(backlog_json(lost.node, lost.disk, lost.backlog));
    made.back()["since"] = rfc3339(lost.since);
  }
  return made;
}

// Those that have been silent for the longest time.
Json silent_json(std::vector<NodesFact::SilentAgent> agents) {
  std::stable_sort(agents.begin(), agents.end(),
                   [](const auto& a, const auto& b) { return a.since < b.since; });
  if (agents.size() > kSilentTold) agents.resize(kSilentTold);
  Json made = Json::array();
  for (const NodesFact::SilentAgent& agent : agents) {
    made.push_back({{"node", agent.node}, {"since", rfc3339(agent.since)}});
  }
  return made;
}

// If there are too many, the newest: an operator that starts learns the others from their agents.
Json recent_losses_json(std::vector<RecentLossFact> losses) {
  if (losses.size() > kRecentLossesMax) {
    std::stable_sort(losses.begin(), losses.end(),
                     [](const auto& a, const auto& b) { return a.until > b.until; });
    losses.resize(kRecentLossesMax);
  }
  Json made = Json::array();
  for (const RecentLossFact& loss : losses) {
    made.push_back({{"node", loss.node},
                    {"destination", loss.destination},
                    {"word", loss.word.text()},
                    {"reason", loss.reason},
                    {"spans", loss.spans},
                    {"until", rfc3339(loss.until)}});
    if (!loss.message.empty()) made.back()["message"] = cut(loss.message, kErrorBytesMax);
    if (loss.last) made.back()["last"] = rfc3339(*loss.last);
  }
  return made;
}

Json agents_json(const Facts& facts) {
  const DaemonSetFact set = facts.daemon_set.value_or(DaemonSetFact{});
  Json made = {{"desired", set.desired}, {"ready", set.ready}, {"updated", set.updated}};
  Json failing = Json::array();
  for (const NodesFact::CannotRun& one : facts.nodes.cannot_run) {
    if (failing.size() == kNamesTold) break;
    Json node = {{"node", one.node}, {"reason", one.reason}};
    if (!one.message.empty()) node["message"] = cut(one.message, kErrorBytesMax);
    failing.push_back(std::move(node));
  }
  if (!failing.empty()) made["nodesFailing"] = std::move(failing);
  if (!facts.nodes.unanswering.empty()) made["nodesSilent"] = silent_json(facts.nodes.unanswering);
  return made;
}

}  // namespace

Json make_status(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  Json conditions = Json::array();
  for (const Condition& condition : make_conditions(facts, lanes)) {
    conditions.push_back(condition_json(facts, condition));
  }
  Json destinations = Json::array();
  for (const LaneSummary& lane : lanes) destinations.push_back(destination_json(lane, facts));
  Json status = {{"observedGeneration", facts.generation},
                 {"consent", to_string(facts.consent)},
                 {"conditions", conditions},
                 {"agents", agents_json(facts)},
                 {"destinations", destinations}};
  if (!facts.operator_lease.empty()) status["operator"] = facts.operator_lease;
  if (facts.injection) status["injection"] = injection_json(*facts.injection, facts.unserved);
  if (!facts.backlogs.empty()) status["nodesWithBacklog"] = backlogs_json(facts.backlogs);
  if (!facts.nodes_lost.empty()) status["nodesLost"] = nodes_lost_json(facts.nodes_lost);
  if (!facts.recent_losses.empty()) {
    status["recentLosses"] = recent_losses_json(facts.recent_losses);
  }
  return status;
}

}  // namespace dualtrace::ctl
