// SPDX-License-Identifier: Apache-2.0
#pragma once
// Conditions: one small pure function for each type. What a message names is bounded, and no
// content of a Secret is ever in one. Which conditions there are and what leads to each:
//   ConfigValid         faults of the export, or agents that refuse what was made of it
//   Progressing         applying, then rolling out, then agents taking the configuration over
//   CredentialsSynced   the worst of the keys that the export names; then what agents have loaded
//   AgentsAvailable     the DaemonSet's numbers, what single nodes lack, then injected pods that no
//                       agent serves
//   …Delivering         the worst of the agents, one condition for each destination; then spans
//                       that ended elsewhere lately
//   Ready               the first of those that is not as it should be
// Pure.

#include <string>
#include <vector>

#include "operator/status/facts.h"
#include "operator/status/lane_summary.h"
#include "operator/status/reasons.h"

namespace dualtrace::ctl {

// A rollout that has not moved for so long is stuck, as with Kubernetes' Deployments.
inline constexpr Duration kRolloutPatience = std::chrono::minutes(10);
// The kubelet brings a changed Secret to the agents within two minutes.
inline constexpr Duration kSyncPatience = std::chrono::minutes(3);

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};

// "; the pods' events and logs say why": where to look when agents are missing.
[[nodiscard]] std::string who_says_why(const DaemonSetFact& set);

// "node1, node2 cannot run it: Unschedulable: …": nodes whose newest agent cannot run, and why; ""
// when there are none.
[[nodiscard]] std::string cannot_run_told(const NodesFact& nodes);

[[nodiscard]] Condition make_condition(const Reason& reason, std::string message);

[[nodiscard]] Condition config_valid(const Facts& facts);
[[nodiscard]] Condition progressing(const Facts& facts);
[[nodiscard]] Condition credentials_synced(const Facts& facts,
                                           const std::vector<LaneSummary>& lanes);
[[nodiscard]] Condition agents_available(const Facts& facts);
[[nodiscard]] Condition delivering(const LaneSummary& lane);
// Of lane.losses, which are not empty: the reason of the worst, and all in words.
[[nodiscard]] Reason reason_of(const LossSummary& loss);
[[nodiscard]] std::string losses_told(const LaneSummary& lane);
// What to do where spans are refused for that report::LossReason; "" for any other reason.
[[nodiscard]] std::string advice_on(std::string_view reason);
// `others` are all of the above, in this order.
[[nodiscard]] Condition ready(const Facts& facts, const std::vector<Condition>& others);

// Which agents use another credential than the Secret has, in a form that can be compared; "" when
// none is known to.
[[nodiscard]] std::string differing_credentials(const Facts& facts);

// All of them, Ready first.
[[nodiscard]] std::vector<Condition> make_conditions(const Facts& facts,
                                                     const std::vector<LaneSummary>& lanes);

// Of the status before this one; nullptr when there is none.
[[nodiscard]] const Json* previous_condition(const Facts& facts, std::string_view type);

}  // namespace dualtrace::ctl
