#include <algorithm>
#include <array>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

// What an agent that pauses says, and what to do about it.
struct Pause {
  Reason reason;
  std::string_view advice;
};
constexpr std::array kPauses = {
    Pause{reason::kAuthRejected,
          "it refuses the credential; put a valid one into the Secret that the export names"},
    Pause{reason::kCredentialMissing,
          "the agent has no credential to send; CredentialsSynced says which"},
    Pause{reason::kPermissionDenied,
          "it knows the credential but does not let it write; grant that on the destination"},
    Pause{reason::kTableMissing,
          "there is no such table; create it (docs/create_table.sql) or fix "
          "spec.databricks.table"},
    Pause{reason::kTableUnsupported,
          "the table is not of a kind that takes spans; create one with docs/create_table.sql"},
    Pause{reason::kSchemaMismatch,
          "the table's columns do not fit; create one with docs/create_table.sql"},
    Pause{reason::kMisconfigured,
          "what answers there does not take spans; look at the endpoint or workspace URL and at "
          "the proxy"},
    Pause{reason::kNotEnabled,
          "the workspace does not have OpenTelemetry ingestion enabled; enable it in the "
          "workspace's settings or use another workspace"},
    Pause{reason::kEverythingRefused,
          "it refuses every span, so the cause is not the spans but its setup or the export; fix "
          "what its words in status.destinations[].lastError name"},
    Pause{reason::kForeignAnswer,
          "the answers come from something else, as a proxy, a gateway or a web page; fix the "
          "endpoint or workspace URL, or what stands between (status.destinations[].lastError "
          "has the answer's first words)"},
};

std::string title(std::string_view lane) {
  if (lane == "arize") return "Arize";
  if (lane == "databricks") return "Databricks";
  return std::string(lane);
}

Condition make(const LaneSummary& lane, const Reason& reason, std::string message) {
  Condition made = make_condition(reason, std::move(message));
  made.type = lane.name == "arize" ? kArizeDeliveryType : kDatabricksDeliveryType;
  return made;
}

Condition paused(const LaneSummary& lane) {
  const auto known = std::find_if(kPauses.begin(), kPauses.end(), [&](const Pause& pause) {
    return pause.reason.name == lane.error_reason;
  });
  const Pause pause = known != kPauses.end()
                          ? *known
                          : Pause{reason::kPaused, "status.destinations[].lastError says why"};
  return make(lane, pause.reason,
              "paused on " + name_list(lane.nodes_failing) + ": " + std::string(pause.advice) +
                  ". Spans are kept, and delivery goes on by itself");
}

Condition retrying(const LaneSummary& lane) {
  const std::string where = name_list(lane.nodes_failing);
  if (lane.any_delivers) {
    return make(lane, reason::kPartlyRetrying,
                "spans are delivered, but not from " + where + ", which try again");
  }
  const std::string why = lane.error_reason.empty() ? "" : " (" + lane.error_reason + ")";
  return make(lane, reason::kRetrying,
              title(lane.name) + " takes no spans" + why + "; " + where +
                  " try again with growing delays. Spans are kept");
}

}  // namespace

Condition delivering(const LaneSummary& lane) {
  switch (lane.worst) {
    case LaneState::kPaused:
      return paused(lane);
    case LaneState::kRetrying:
      return retrying(lane);
    case LaneState::kDelivering:
      return make(lane, reason::kDelivering, "spans are delivered to " + title(lane.name));
    case LaneState::kIdle:
      return make(lane, reason::kIdle, "no span waits for " + title(lane.name));
    case LaneState::kUnknown:
      break;
  }
  const std::string why = lane.silence.empty() ? "" : ": " + cut(lane.silence, 256);
  return make(lane, reason::kNoReports, "no agent has said how delivery goes" + why);
}

}  // namespace dualtrace::ctl
