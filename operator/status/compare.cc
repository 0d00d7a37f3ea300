// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "common/time/rfc3339.h"
#include "operator/status/reasons.h"
#include "operator/status/status.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

constexpr std::array kTypes = {
    kReadyType,    kConfigType,        kCredentialsType,       kAgentsType,
    kProgressType, kArizeDeliveryType, kDatabricksDeliveryType};

constexpr std::string_view kUnusedSince = "previousCredentialUnusedSince";

// Conditions whose message tells a person what to fix next: a changed message is written
// immediately. The messages of the other conditions contain counts and nodes.
bool message_counts(std::string_view type) {
  return type == kConfigType || type == kCredentialsType;
}

// The operator's own conditions by type: other controllers may have added theirs, in any order.
Json conditions_by_type(const Json& status) {
  Json conditions = Json::object();
  for (const Json& condition : array_at(status, {"conditions"})) {
    const std::string_view type = text_at(condition, {"type"});
    if (std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end()) {
      conditions[std::string(type)] = condition;
    }
  }
  return conditions;
}

Json member(const Json& in, JsonPath path) {
  const Json* found = find(in, path);
  return found == nullptr ? Json() : *found;
}

// Everything in the status that this operator writes.
Json whole(const Json& status) {
  return Json::array({member(status, {"observedGeneration"}), member(status, {"operator"}),
                      member(status, {"consent"}), conditions_by_type(status),
                      member(status, {"agents"}), member(status, {"destinations"}),
                      member(status, {"injection"}), member(status, {"nodesWithBacklog"}),
                      member(status, {"nodesLost"}), member(status, {"recentLosses"})});
}

// Without the nodes that have them, because those change one by one.
Json candidate_states(const Json& destination) {
  Json states = Json::array();
  for (const Json& candidate : array_at(destination, {"credential", "candidates"})) {
    states.push_back(Json::array({member(candidate, {"fingerprint"}), member(candidate, {"state"}),
                                  member(candidate, {"reason"})}));
  }
  return states;
}

// Where agents cannot run, with the one-word reason: the rest of Kubernetes' message keeps
// changing.
Json failing_nodes(const Json& status) {
  Json nodes = Json::array();
  for (const Json& node : array_at(status, {"agents", "nodesFailing"})) {
    nodes.push_back(Json::array({member(node, {"node"}), member(node, {"reason"})}));
  }
  return nodes;
}

// When the last of the recent losses ends, to half a minute. Written at once, because an operator
// that takes over has nothing else to go by if the agent is restarted, too.
Json end_of_losses(const Json& status) {
  constexpr Duration kCoarse = std::chrono::seconds(30);
  int64_t end = 0;
  for (const Json& loss : array_at(status, {"recentLosses"})) {
    const auto until = parse_rfc3339(text_at(loss, {"until"}));
    if (until) end = std::max<int64_t>(end, until->time_since_epoch() / kCoarse);
  }
  return end;
}

// The parts that do not change all the time, unlike counts and times.
Json state(const Json& status) {
  Json conditions = conditions_by_type(status);
  for (auto& [type, condition] : conditions.items()) {
    condition.erase("lastTransitionTime");
    if (!message_counts(type)) condition.erase("message");
  }
  Json destinations = Json::array();
  for (const Json& destination : array_at(status, {"destinations"})) {
    destinations.push_back(Json::array(
        {member(destination, {"name"}), member(destination, {"state"}),
         member(destination, {"credential", "fingerprint"}), candidate_states(destination),
         Json(find(destination, {"credential", kUnusedSince}) != nullptr),
         member(destination, {"lastError", "reason"})}));
  }
  return Json::array({member(status, {"observedGeneration"}), member(status, {"operator"}),
                      member(status, {"consent"}), conditions, destinations, failing_nodes(status),
                      member(status, {"nodesLost"}), end_of_losses(status)});
}

}  // namespace

StatusChange compare_status(const Json& before, const Json& after) {
  if (whole(before) == whole(after)) return StatusChange::kNone;
  return state(before) == state(after) ? StatusChange::kNumbers : StatusChange::kState;
}

std::vector<Json> changed_conditions(const Json& before, const Json& after) {
  const Json known = conditions_by_type(before);
  std::vector<Json> changed;
  for (const Json& condition : array_at(after, {"conditions"})) {
    const Json* old = find(known, {text_at(condition, {"type"})});
    if (old == nullptr || text_at(*old, {"status"}) != text_at(condition, {"status"}) ||
        text_at(*old, {"reason"}) != text_at(condition, {"reason"})) {
      changed.push_back(condition);
    }
  }
  return changed;
}

std::vector<Json> newly_lost_nodes(const Json& before, const Json& after) {
  const Json& known = array_at(before, {"nodesLost"});
  std::vector<Json> lost;
  for (const Json& node : array_at(after, {"nodesLost"})) {
    if (std::find(known.begin(), known.end(), node) == known.end()) lost.push_back(node);
  }
  return lost;
}

std::vector<std::string> newly_unused_credentials(const Json& before, const Json& after) {
  const auto told_of = [](const Json& status, std::string_view name) -> std::string {
    for (const Json& destination : array_at(status, {"destinations"})) {
      if (text_at(destination, {"name"}) != name ||
          find(destination, {"credential", kUnusedSince}) == nullptr) {
        continue;
      }
      return std::string(text_at(destination, {"credential", "previousFingerprint"}));
    }
    return "";
  };
  std::vector<std::string> news;
  for (const Json& destination : array_at(after, {"destinations"})) {
    const std::string name(text_at(destination, {"name"}));
    const std::string fingerprint = told_of(after, name);
    if (fingerprint.empty() || fingerprint == told_of(before, name)) continue;
    const Json& credential = destination.at("credential");
    std::string note = name + ": no agent has used credential " + fingerprint + " since " +
                       std::string(text_at(credential, {kUnusedSince})) + "; ";
    std::vector<std::string> silent;
    for (const Json& node : array_at(credential, {"nodesSilent"})) {
      if (node.is_string()) silent.push_back(node.get<std::string>());
    }
    note += silent.empty() ? "it can be revoked"
                           : "before you revoke it, check the agents that do not report (on " +
                                 name_list(silent) + ")";
    news.push_back(std::move(note));
  }
  return news;
}

}  // namespace dualtrace::ctl
