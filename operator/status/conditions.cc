// SPDX-License-Identifier: Apache-2.0
#include "operator/status/conditions.h"

#include <algorithm>

#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using report::ConfigurationState;

constexpr size_t kFaultsTold = 5;
constexpr size_t kForeignBytesMax = 512;  // of a message from an agent or the API server

std::string fault_list(const std::vector<ExportFault>& faults) {
  const size_t told = std::min(faults.size(), kFaultsTold);
  std::string list = to_string(std::vector<ExportFault>(faults.begin(), faults.begin() + told));
  if (faults.size() > told) list += "; and " + std::to_string(faults.size() - told) + " more";
  return list;
}

std::string share(int64_t part, int64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

// After a rollout has completed, an agent that fails does not count as a rollout in progress.
bool was_stable(const Facts& facts) {
  const Json* before = previous_condition(facts, kProgressType);
  return before != nullptr && text_at(*before, {"reason"}) == reason::kStable.name &&
         integer_at(*before, {"observedGeneration"}) == facts.generation;
}

bool is_rolling_out(const Facts& facts) {
  const DaemonSetFact& set = *facts.daemon_set;
  return set.updated < set.desired || (set.available < set.desired && !was_stable(facts));
}

// An operator that has just started does not know for how long the counts have been unchanged. The
// verdict of its predecessor applies until a count changes.
bool was_stalled(const Facts& facts) {
  const Json* before = previous_condition(facts, kProgressType);
  if (before == nullptr || text_at(*before, {"reason"}) != reason::kStalled.name ||
      integer_at(*before, {"observedGeneration"}) != facts.generation) {
    return false;
  }
  const auto count = [&](std::string_view name) {
    return integer_at(*facts.previous_status, {"agents", name});
  };
  const DaemonSetFact& set = *facts.daemon_set;
  return count("desired") == set.desired && count("ready") == set.ready &&
         count("updated") == set.updated;
}

// If a policy rejects pods, no pod exists whose events could explain it.
bool lacks_pods(const DaemonSetFact& set) { return set.scheduled < set.desired; }

// The rollout is then not stalled: it waits for a person to delete old pods.
bool waits_for_deletion(const Facts& facts) {
  const DaemonSetFact& set = *facts.daemon_set;
  return facts.wanted != nullptr && facts.wanted->agent.update_strategy.on_delete &&
         set.updated < set.desired && set.available == set.desired;
}

Condition rolling_out(const Facts& facts) {
  const DaemonSetFact& set = *facts.daemon_set;
  const std::string how_far = set.updated < set.desired
                                  ? share(set.updated, set.desired) + " nodes have the newest agent"
                                  : share(set.available, set.desired) + " agents are available";
  if (waits_for_deletion(facts)) {
    return make_condition(reason::kRollingOut,
                          how_far +
                              "; the others get it when their old pod is deleted, because "
                              "spec.agent.updateStrategy.type is OnDelete");
  }
  const std::string troubles = cannot_run_told(facts.nodes);
  const std::string why = troubles.empty() ? who_says_why(set) : "; " + troubles;
  const int64_t open = set.desired - std::min(set.updated, set.available);
  if (static_cast<int64_t>(facts.nodes.cannot_run.size()) >= open) {
    return make_condition(reason::kNodesFailing, how_far + why + "; all other nodes have it");
  }
  if (facts.rollout_still < kRolloutPatience && !was_stalled(facts)) {
    return make_condition(reason::kRollingOut,
                          lacks_pods(set) || !troubles.empty() ? how_far + why : how_far);
  }
  return make_condition(reason::kStalled, how_far + ", without progress for ten minutes" + why);
}

bool refuses_configuration(const AgentReport& agent) {
  return !agent.unreachable && agent.says.configuration.state == ConfigurationState::kRefused;
}

// Whether it will reload the newest configuration without a restart. An agent that needs a restart
// is about to be replaced.
bool takes_configuration(const AgentReport& agent) {
  const report::Configuration& configuration = agent.says.configuration;
  return !agent.unreachable && configuration.state == ConfigurationState::kInForce &&
         !configuration.fingerprint.empty();
}

}  // namespace

std::string who_says_why(const DaemonSetFact& set) {
  if (!lacks_pods(set)) return "; check the pods' events and logs";
  return "; " + share(set.desired - set.scheduled, set.desired) +
         " nodes have no agent pod; check the DaemonSet's events: the cause is often Pod Security "
         "or a quota";
}

Condition make_condition(const Reason& reason, std::string message) {
  return {std::string(reason.type), reason.status, std::string(reason.name), std::move(message)};
}

const Json* previous_condition(const Facts& facts, std::string_view type) {
  if (facts.previous_status == nullptr) return nullptr;
  for (const Json& condition : array_at(*facts.previous_status, {"conditions"})) {
    if (text_at(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

namespace {

// The message tells authors of exports that predate the consent rules what to write before the
// rules apply to them.
Condition valid(const Facts& facts) {
  if (facts.consent_notices.empty()) {
    return make_condition(reason::kValid, "the configuration is valid");
  }
  std::string text;
  for (const std::string& notice : facts.consent_notices) {
    text += (text.empty() ? "" : "; ") + notice;
  }
  return make_condition(reason::kConsentAssumed, text);
}

}  // namespace

Condition config_valid(const Facts& facts) {
  if (!facts.faults.empty()) {
    return make_condition(facts.permitted ? reason::kInvalid : reason::kNotPermitted,
                          fault_list(facts.faults));
  }
  std::vector<std::string> nodes;
  std::string first;
  for (const AgentReport& agent : facts.agents) {
    if (!refuses_configuration(agent)) continue;
    nodes.push_back(agent.node);
    const std::string& why = agent.says.configuration.why;
    if (first.empty() || why < first) first = why;
  }
  if (nodes.empty()) return valid(facts);
  std::sort(nodes.begin(), nodes.end());
  return make_condition(reason::kRefusedByAgents,
                        "agents reject it and keep using the last one (on " + name_list(nodes) +
                            "): " + cut(first, kForeignBytesMax) +
                            "; check that spec.agent.image has the operator's version");
}

Condition progressing(const Facts& facts) {
  if (!facts.faults.empty()) {
    return make_condition(
        reason::kNothingApplied,
        "nothing is applied while ConfigValid is False; agents keep running as before");
  }
  if (facts.apply_error) {
    return make_condition(reason::kApplyFailed,
                          facts.apply_error_object + ": " +
                              cut(facts.apply_error->message, kForeignBytesMax) +
                              "; the operator retries");
  }
  const auto& set = facts.daemon_set;
  if (!set || set->observed_generation < set->generation) {
    return make_condition(reason::kApplying,
                          "the DaemonSet controller has not yet seen the newest DaemonSet");
  }
  if (is_rolling_out(facts)) return rolling_out(facts);
  const auto all = std::count_if(facts.agents.begin(), facts.agents.end(), takes_configuration);
  const auto newest =
      std::count_if(facts.agents.begin(), facts.agents.end(), [&](const AgentReport& agent) {
        return takes_configuration(agent) &&
               agent.says.configuration.fingerprint == facts.config_fingerprint;
      });
  if (newest < all) {
    return make_condition(reason::kReloading,
                          share(newest, all) +
                              " agents have the newest configuration; the others reload it within "
                              "two minutes, without a restart");
  }
  return make_condition(reason::kStable, "the cluster matches the spec");
}

std::vector<Condition> make_conditions(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  std::vector<Condition> all = {config_valid(facts), progressing(facts),
                                credentials_synced(facts, lanes), agents_available(facts)};
  for (const LaneSummary& lane : lanes) all.push_back(delivering(lane));
  all.insert(all.begin(), ready(facts, all));
  return all;
}

}  // namespace dualtrace::ctl
