// SPDX-License-Identifier: Apache-2.0
#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using report::PauseReason;

constexpr size_t kWordsBytesMax = 256;  // of others' messages

// What to do about a pause.
std::string_view advice(PauseReason why, Destination destination) {
  switch (why) {
    case PauseReason::kAuthRejected:
      return "the destination rejects the credential; put a valid one into the Secret that the "
             "export names (an immutable Secret that was deleted and created again is not mounted "
             "again: give it a new name)";
    case PauseReason::kCredentialMissing:
      return "the agent has no credential that it can send; put one into the Secret that the "
             "export names";
    case PauseReason::kPermissionDenied:
      if (destination == Destination::kArize) {
        return "Arize gives the same answer for a wrong key, a key for another region and a key "
               "that may not write to this space; check the key, spec.arize.region or endpoint, "
               "the space id, and the key's role";
      }
      return "the credential may not write; check that the token belongs to this workspace, and "
             "grant its owner USE CATALOG, USE SCHEMA, MODIFY and SELECT on the table";
    case PauseReason::kTableMissing:
      return "the table does not exist; create it (docs/create_table.sql) or fix "
             "spec.databricks.table";
    case PauseReason::kTableUnsupported:
      return "the table is of a kind that does not accept spans; create one with "
             "docs/create_table.sql";
    case PauseReason::kSchemaMismatch:
      return "the table's columns are not those of spans; create one with docs/create_table.sql";
    case PauseReason::kMisconfigured:
      return "the server that answers is not an OTLP endpoint; check the endpoint or workspace "
             "URL, and the proxy";
    case PauseReason::kNotEnabled:
      return "OpenTelemetry ingestion is not enabled in the workspace; enable it in the "
             "workspace's settings or use another workspace";
    case PauseReason::kEverythingRefused:
      return "the destination refuses every span, so the cause is the export, the destination's "
             "setup, or something that all spans have in common; fix what "
             "status.destinations[].lastError names";
    case PauseReason::kForeignAnswer:
      return "the answers do not come from the destination but from a proxy, a gateway, a web page "
             "or the like; fix the endpoint or workspace URL, or what is in between "
             "(status.destinations[].lastError has the beginning of the answer)";
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

// Why spans are refused, with the fix; "" if that is not known.
std::string cause_told(const LaneSummary& lane) {
  const std::string& cause = lane.error.cause;
  if (cause.empty()) return "";
  std::string fix = advice_on(cause);
  if (const auto why = report::parse_word<PauseReason>(cause); fix.empty() && why) {
    fix = advice(*why, lane.destination);
  }
  return ". The latest refusal is " + cause + (fix.empty() ? "" : ": " + fix);
}

// For a reason that only newer agents know, the condition can only quote them.
std::string explained(const LaneSummary& lane) {
  const auto why = report::parse_word<PauseReason>(lane.error.reason);
  return why ? std::string(advice(*why, lane.destination)) + cause_told(lane)
             : "see status.destinations[].lastError: " + lane.error.reason;
}

// What is stored keeps its content: the fix reaches only the spans that arrive after it.
std::string_view outlook(const LaneSummary& lane) {
  return lane.error.reason == to_string(PauseReason::kEverythingRefused)
             ? ". Spans are kept, and delivery resumes by itself; waiting spans that are still "
               "refused then become dead letters"
             : ". Spans are kept, and delivery resumes by itself";
}

std::string words_of(const LaneSummary& lane) {
  const std::string words = cut(lane.error.message, kWordsBytesMax);
  return words.empty() ? "" : ". The agent reports: " + words;
}

Condition paused(const LaneSummary& lane) {
  const auto why = report::parse_word<PauseReason>(lane.error.reason);
  return make(lane, why ? reason::paused_for(*why) : reason::kPaused,
              "paused on " + name_list(lane.nodes_failing) + ": " + explained(lane) +
                  std::string(outlook(lane)) + words_of(lane));
}

// " (Unreachable)", with the fix if spans are refused.
std::string why_refused(const LaneSummary& lane) {
  if (lane.error.reason.empty()) return "";
  const std::string fix = advice_on(lane.error.reason);
  return " (" + lane.error.reason + ")" + (fix.empty() ? "" : ": " + fix);
}

Condition retrying(const LaneSummary& lane) {
  const std::string where = name_list(lane.nodes_failing);
  if (lane.any_delivers && !lane.nodes_late.empty()) {
    return make(lane, reason::kNodesNotDelivering,
                "other nodes deliver, but spans have waited for more than five minutes on " +
                    name_list(lane.nodes_late) + why_refused(lane) +
                    "; check what these nodes can reach: egress rules, proxies, DNS. Spans are "
                    "kept, and delivery resumes by itself" +
                    words_of(lane));
  }
  if (lane.any_delivers) {
    return make(lane, reason::kPartlyRetrying,
                "spans are delivered, but some nodes are retrying: " + where);
  }
  return make(lane, reason::kRetrying,
              title_of(lane) + " accepts no spans" + why_refused(lane) +
                  "; retrying with growing delays on " + where + ". Spans are kept" +
                  words_of(lane));
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
  return make(lane, reason::kIdle, "no spans are waiting for " + title_of(lane));
}

Condition unknown(const LaneSummary& lane) {
  if (!lane.unknown_state.empty()) {
    return make(lane, reason::kNoReports,
                "it is unknown whether all spans are delivered: agents report the state \"" +
                    lane.unknown_state + "\", which only a newer operator knows");
  }
  return make(lane, reason::kNoReports,
              "no agent has reported on delivery" +
                  (lane.silence.empty() ? "" : ": " + cut(lane.silence, kWordsBytesMax)));
}

}  // namespace

// A lane that delivers and loses spans at the same time is not reported as delivering. If it is
// paused, the pause remains the first thing to fix.
Condition delivering(const LaneSummary& lane) {
  Condition condition = lane.worst ? of_state(lane, *lane.worst) : unknown(lane);
  // An unknown state of one agent proves nothing, however well the others deliver.
  if (condition.status == ConditionStatus::kTrue && !lane.unknown_state.empty()) {
    condition = unknown(lane);
  }
  if (lane.losses.empty()) return condition;
  if (condition.status != ConditionStatus::kFalse) {
    return make(lane, reason_of(lane.losses.front()), losses_told(lane));
  }
  condition.message += "; and " + losses_told(lane);
  return condition;
}

}  // namespace dualtrace::ctl
