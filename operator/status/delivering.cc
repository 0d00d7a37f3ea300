// SPDX-License-Identifier: Apache-2.0
#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using report::PauseReason;

constexpr size_t kWordsBytesMax = 256;  // of what others say

// What to do about a pause.
std::string_view advice(PauseReason why, Destination destination) {
  switch (why) {
    case PauseReason::kAuthRejected:
      return "it refuses the credential; put a valid one into the Secret that the export names (an "
             "immutable Secret that was made again is not mounted anew: give it another name)";
    case PauseReason::kCredentialMissing:
      return "the agent has no credential that it can send; put it into the Secret that the export "
             "names";
    case PauseReason::kPermissionDenied:
      if (destination == Destination::kArize) {
        return "Arize says the same of a wrong key, of a key of another region and of a key "
               "without the right to write to this space; check the key, spec.arize.region or "
               "endpoint, the space id, and the key's role";
      }
      return "it refuses this credential the right to write; check that the token is of this "
             "workspace, and grant its owner USE CATALOG, USE SCHEMA, MODIFY and SELECT on the "
             "table";
    case PauseReason::kTableMissing:
      return "there is no such table; create it (docs/create_table.sql) or fix "
             "spec.databricks.table";
    case PauseReason::kTableUnsupported:
      return "the table is not of a kind that takes spans; create one with docs/create_table.sql";
    case PauseReason::kSchemaMismatch:
      return "the table's columns do not fit; create one with docs/create_table.sql";
    case PauseReason::kMisconfigured:
      return "what answers there does not take spans; look at the endpoint or workspace URL and at "
             "the proxy";
    case PauseReason::kNotEnabled:
      return "the workspace does not have OpenTelemetry ingestion enabled; enable it in the "
             "workspace's settings or use another workspace";
    case PauseReason::kEverythingRefused:
      return "it refuses every span, so the cause is not the spans but its setup or the export; "
             "fix "
             "what its words in status.destinations[].lastError name";
    case PauseReason::kForeignAnswer:
      return "the answers come from something else, as a proxy, a gateway or a web page; fix the "
             "endpoint or workspace URL, or what stands between (status.destinations[].lastError "
             "has the answer's first words)";
  }
  return {};
}

std::string title_of(const LaneSummary& lane) {
  return std::string(report::title(lane.destination));
}

Condition make(const LaneSummary& lane, const Reason& reason, std::string message) {
  Condition made = make_condition(reason, std::move(message));
  made.type = delivery_type(lane.destination);
  return made;
}

// Of a reason that only newer agents have, their own words are all there is to say.
std::string explained(const LaneSummary& lane) {
  const auto why = report::parse_word<PauseReason>(lane.error.reason);
  return why ? std::string(advice(*why, lane.destination))
             : "status.destinations[].lastError says why: " + lane.error.reason;
}

std::string words_of(const LaneSummary& lane) {
  const std::string words = cut(lane.error.message, kWordsBytesMax);
  return words.empty() ? "" : ". The agent's words: " + words;
}

Condition paused(const LaneSummary& lane) {
  const auto why = report::parse_word<PauseReason>(lane.error.reason);
  return make(lane, why ? reason::paused_for(*why) : reason::kPaused,
              "paused on " + name_list(lane.nodes_failing) + ": " + explained(lane) +
                  ". Spans are kept, and delivery goes on by itself" + words_of(lane));
}

Condition retrying(const LaneSummary& lane) {
  const std::string where = name_list(lane.nodes_failing);
  if (lane.any_delivers) {
    return make(lane, reason::kPartlyRetrying,
                "spans are delivered, but not from " + where + ", which try again");
  }
  std::string why = lane.error.reason.empty() ? "" : " (" + lane.error.reason + ")";
  if (const std::string advice = advice_on(lane.error.reason); !advice.empty()) {
    why += ": " + advice;
  }
  return make(lane, reason::kRetrying,
              title_of(lane) + " takes no spans" + why + "; " + where +
                  " try again with growing delays. Spans are kept" + words_of(lane));
}

Condition of_state(const LaneSummary& lane, LaneState state) {
  switch (state) {
    case LaneState::kPaused:
      return paused(lane);
    case LaneState::kRetrying:
      return retrying(lane);
    case LaneState::kDelivering:
      return make(lane, reason::kDelivering, "spans are delivered to " + title_of(lane));
    case LaneState::kIdle:
      break;
  }
  return make(lane, reason::kIdle, "no span waits for " + title_of(lane));
}

std::string why_unknown(const LaneSummary& lane) {
  if (!lane.unknown_state.empty()) {
    return ": agents say \"" + lane.unknown_state +
           "\", which is of a newer version than the operator";
  }
  return lane.silence.empty() ? "" : ": " + cut(lane.silence, kWordsBytesMax);
}

}  // namespace

// What delivers and loses at the same time does not deliver; a pause stays the first thing to fix.
Condition delivering(const LaneSummary& lane) {
  Condition condition = lane.worst
                            ? of_state(lane, *lane.worst)
                            : make(lane, reason::kNoReports,
                                   "no agent has said how delivery goes" + why_unknown(lane));
  if (lane.losses.empty()) return condition;
  if (condition.status != ConditionStatus::kFalse) {
    return make(lane, reason_of(lane.losses.front()), losses_told(lane));
  }
  condition.message += "; and " + losses_told(lane);
  return condition;
}

}  // namespace dualtrace::ctl
