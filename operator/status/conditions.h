// SPDX-License-Identifier: Apache-2.0
#pragma once
// Conditions: one small pure function for each type. Messages are bounded in length and never
// contain content of a Secret. The conditions and their inputs:
//   ConfigValid         faults of the export, or agents that reject the resulting configuration
//   Progressing         applying, then rolling out, then agents reloading the configuration
//   CredentialsSynced   the worst of the keys that the export names; then what agents have loaded
//   AgentsAvailable     the DaemonSet's counts, problems of single nodes, then injected pods that
//                       no agent serves
//   …Delivering         the worst state over all agents, one condition for each destination; then
//                       spans that recently ended elsewhere
//   Ready               the first of those that has a problem
// Pure.

#include <string>
#include <vector>

#include "operator/status/facts.h"
#include "operator/status/lane_summary.h"
#include "operator/status/reasons.h"

namespace dualtrace::ctl {

// A rollout without progress for this long has stalled, as with Kubernetes' Deployments.
inline constexpr Duration kRolloutPatience = std::chrono::minutes(10);
// The kubelet updates a changed Secret in the agents' pods within two minutes.
inline constexpr Duration kSyncPatience = std::chrono::minutes(3);

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::kUnknown;
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};

// "; check the pods' events and logs": where to look when agents are missing.
[[nodiscard]] std::string who_says_why(const DaemonSetFact& set);

// "node1, node2 cannot run it: Unschedulable: …": nodes whose newest agent cannot run, and why;
// "" if there are none.
[[nodiscard]] std::string cannot_run_told(const NodesFact& nodes);

[[nodiscard]] Condition make_condition(const Reason& reason, std::string message);

[[nodiscard]] Condition config_valid(const Facts& facts);
[[nodiscard]] Condition progressing(const Facts& facts);
[[nodiscard]] Condition credentials_synced(const Facts& facts,
                                           const std::vector<LaneSummary>& lanes);
[[nodiscard]] Condition agents_available(const Facts& facts);
[[nodiscard]] Condition delivering(const LaneSummary& lane);
// The reason of a loss, and a text about all lane.losses, which must not be empty.
[[nodiscard]] Reason reason_of(const LossSummary& loss);
[[nodiscard]] std::string losses_told(const LaneSummary& lane);
// What to do if spans are refused for that report::LossReason; "" for any other reason.
[[nodiscard]] std::string advice_on(std::string_view reason);
// `others` are all of the above, in this order.
[[nodiscard]] Condition ready(const Facts& facts, const std::vector<Condition>& others);

// Agents miss a key that the operator believes to exist: it may have been deleted since.
[[nodiscard]] bool agents_lack_present_keys(const Facts& facts,
                                            const std::vector<LaneSummary>& lanes);
// The credentials of Secrets that some agents do not use, in a form that can be compared; "" if no
// difference is known.
[[nodiscard]] std::string differing_credentials(const Facts& facts,
                                                const std::vector<LaneSummary>& lanes);

// All of them, Ready first.
[[nodiscard]] std::vector<Condition> make_conditions(const Facts& facts,
                                                     const std::vector<LaneSummary>& lanes);

// From the previous status; nullptr if it has none.
[[nodiscard]] const Json* previous_condition(const Facts& facts, std::string_view type);

}  // namespace dualtrace::ctl
