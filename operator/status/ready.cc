// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "operator/status/conditions.h"

namespace dualtrace::ctl {
namespace {

Condition because_of(ConditionStatus status, const Condition& cause) {
  return {std::string(kReadyType), status, cause.reason, cause.type + ": " + cause.message};
}

// During a rotation the old credential still works, and an operator that may not read Secrets still
// gets the agents' reports. If delivery suffers, another condition reports it.
bool is_harmless(const Condition& condition) {
  return condition.type == kCredentialsType &&
         (condition.reason == reason::kRotationInProgress.name ||
          condition.reason == reason::kSecretUnreadable.name);
}

// Progressing is False when all is well: only ApplyFailed counts as a cause.
bool is_cause(const Condition& condition) {
  if (condition.type == kProgressType) return condition.reason == reason::kApplyFailed.name;
  return condition.status == ConditionStatus::kFalse && !is_harmless(condition);
}

bool is_in_doubt(const Condition& condition) {
  return condition.status == ConditionStatus::kUnknown && !is_harmless(condition);
}

// True, but not everywhere: Ready says so, too.
bool is_reservation(const Condition& condition) {
  if (condition.status != ConditionStatus::kTrue) return false;
  if (condition.type == kAgentsType) return condition.reason != reason::kAvailable.name;
  return condition.reason == reason::kPartlyRetrying.name;
}

bool was_decided(const Facts& facts) {
  const Json* before = previous_condition(facts, kReadyType);
  return before != nullptr && text_at(*before, {"status"}) != to_string(ConditionStatus::kUnknown);
}

}  // namespace

Condition ready(const Facts& facts, const std::vector<Condition>& others) {
  const auto progress = std::find_if(others.begin(), others.end(), [](const Condition& condition) {
    return condition.type == kProgressType && condition.status == ConditionStatus::kTrue;
  });
  const bool first_time = progress != others.end() && !was_decided(facts);
  // Agents that are starting for the first time do not count as a failure yet.
  const auto cause = std::find_if(others.begin(), others.end(), [&](const Condition& condition) {
    return is_cause(condition) && !(first_time && condition.type == kAgentsType);
  });
  if (cause != others.end()) return because_of(ConditionStatus::kFalse, *cause);
  if (first_time) return because_of(ConditionStatus::kUnknown, *progress);
  const auto doubt = std::find_if(others.begin(), others.end(), is_in_doubt);
  if (doubt != others.end()) return because_of(ConditionStatus::kUnknown, *doubt);
  std::string received = "spans are received on every node";
  std::string reservations;
  for (const Condition& condition : others) {
    if (!is_reservation(condition)) continue;
    if (condition.type == kAgentsType) received = "spans are received";
    reservations += "; " + condition.type + ": " + condition.message;
  }
  return make_condition(reason::kReady,
                        received + " and delivered to every destination" + reservations);
}

}  // namespace dualtrace::ctl
