#include "operator/status/lane_summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace dualtrace::ctl {
namespace {

constexpr std::array<std::string_view, 2> kLanes = {"arize", "databricks"};

LaneState state_of(std::string_view text) {
  for (const LaneState state : {LaneState::kDelivering, LaneState::kRetrying, LaneState::kPaused}) {
    if (to_string(state) == text) return state;
  }
  return LaneState::kIdle;
}

const LaneReport* find_lane(const AgentReport& agent, std::string_view name) {
  if (agent.unreachable) return nullptr;
  const auto found = std::find_if(agent.lanes.begin(), agent.lanes.end(),
                                  [&](const LaneReport& lane) { return lane.name == name; });
  return found == agent.lanes.end() ? nullptr : &*found;
}

bool is_wanted(const Facts& facts, std::string_view lane) {
  if (facts.wanted != nullptr) {
    return lane == "arize" ? facts.wanted->arize.has_value() : facts.wanted->databricks.has_value();
  }
  return std::any_of(facts.agents.begin(), facts.agents.end(),
                     [&](const AgentReport& agent) { return find_lane(agent, lane) != nullptr; });
}

// Facts come in any order; equal ones must give an equal status.
std::vector<const AgentReport*> sorted_agents(const Facts& facts) {
  std::vector<const AgentReport*> agents;
  for (const AgentReport& agent : facts.agents) agents.push_back(&agent);
  std::sort(agents.begin(), agents.end(), [](const AgentReport* a, const AgentReport* b) {
    return std::tie(a->node, a->pod) < std::tie(b->node, b->pod);
  });
  return agents;
}

void add_state(const AgentReport& agent, const LaneReport& lane, LaneSummary& summary) {
  const LaneState state = state_of(lane.state);
  if (state == LaneState::kDelivering) summary.any_delivers = true;
  if (state >= LaneState::kRetrying &&
      (summary.nodes_failing.empty() || summary.nodes_failing.back() != agent.node)) {
    summary.nodes_failing.push_back(agent.node);
  }
  if (state <= summary.worst) return;
  summary.worst = state;
  const bool fails = state >= LaneState::kRetrying;
  summary.error_reason = fails ? lane.error_reason : "";
  summary.error_message = fails ? lane.error_message : "";
}

void add_numbers(const LaneReport& lane, LaneSummary& summary) {
  summary.backlog_bytes += lane.backlog_bytes;
  if (lane.oldest_undelivered) {
    summary.oldest_undelivered = std::min(
        summary.oldest_undelivered.value_or(*lane.oldest_undelivered), *lane.oldest_undelivered);
  }
  if (lane.last_delivered) {
    summary.last_delivered =
        std::max(summary.last_delivered.value_or(*lane.last_delivered), *lane.last_delivered);
  }
}

void choose_fingerprint(const std::map<std::string, size_t>& counts, LaneSummary& summary) {
  for (const auto& [fingerprint, count] : counts) {
    if (fingerprint.empty() || count <= summary.agents_with_it) continue;
    summary.fingerprint = fingerprint;
    summary.agents_with_it = count;
  }
  summary.one_credential = summary.agents_with_it == summary.reporting;
}

LaneSummary summarize(const std::vector<const AgentReport*>& agents, std::string_view name) {
  LaneSummary summary;
  summary.name = name;
  summary.agents = agents.size();
  std::map<std::string, size_t> fingerprints;
  for (const AgentReport* agent : agents) {
    const LaneReport* lane = find_lane(*agent, name);
    if (lane == nullptr) {
      if (summary.silence.empty() && agent->unreachable) summary.silence = *agent->unreachable;
      continue;
    }
    ++summary.reporting;
    ++fingerprints[lane->credential_fingerprint];
    add_state(*agent, *lane, summary);
    add_numbers(*lane, summary);
  }
  choose_fingerprint(fingerprints, summary);
  return summary;
}

}  // namespace

std::string_view to_string(LaneState state) {
  switch (state) {
    case LaneState::kUnknown:
      return "Unknown";
    case LaneState::kIdle:
      return "Idle";
    case LaneState::kDelivering:
      return "Delivering";
    case LaneState::kRetrying:
      return "Retrying";
    case LaneState::kPaused:
      return "Paused";
  }
  return "Unknown";
}

std::vector<LaneSummary> summarize_lanes(const Facts& facts) {
  const std::vector<const AgentReport*> agents = sorted_agents(facts);
  std::vector<LaneSummary> summaries;
  for (const std::string_view lane : kLanes) {
    if (is_wanted(facts, lane)) summaries.push_back(summarize(agents, lane));
  }
  return summaries;
}

}  // namespace dualtrace::ctl
