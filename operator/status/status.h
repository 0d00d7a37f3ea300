// SPDX-License-Identifier: Apache-2.0
#pragma once
// The status of an export: facts → conditions, destinations, counts. Equal facts give an equal
// status, so that nothing is written when nothing has changed. docs/operator.md explains the
// meaning of each condition and reason and what to do (tested).
// Pure.

#include "common/json/json.h"
#include "operator/status/facts.h"
#include "operator/status/lane_summary.h"

namespace dualtrace::ctl {

// The object to apply at the status subresource: {observedGeneration, consent, conditions,
// agents, destinations, injection, nodesWithBacklog, nodesLost, recentLosses, operator}.
// `lanes` are summarize_lanes(facts).
[[nodiscard]] Json make_status(const Facts& facts, const std::vector<LaneSummary>& lanes);

// How two statuses differ, for the writer: numbers and times that change all the time are written
// at intervals, any other change immediately.
enum class StatusChange { kNone, kNumbers, kState };
[[nodiscard]] StatusChange compare_status(const Json& before, const Json& after);

// Conditions of `after` whose status or reason differs from `before`: events are made from them.
[[nodiscard]] std::vector<Json> changed_conditions(const Json& before, const Json& after);

// Entries of `nodesLost` in `after` that `before` does not have.
[[nodiscard]] std::vector<Json> newly_lost_nodes(const Json& before, const Json& after);

// What is new in `after` about credentials that are no longer used: a sentence for an event, which
// names the nodes that do not report.
[[nodiscard]] std::vector<std::string> newly_unused_credentials(const Json& before,
                                                                const Json& after);

}  // namespace dualtrace::ctl
