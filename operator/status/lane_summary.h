#pragma once
// LaneSummary: what all agents together say of one destination. The condition and the entry in
// status.destinations are both made from it.
// Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/status/facts.h"

namespace dualtrace::ctl {

enum class LaneState { kUnknown, kIdle, kDelivering, kRetrying, kPaused };  // better ones first
[[nodiscard]] std::string_view to_string(LaneState state);

struct LaneSummary {
  std::string name;
  size_t agents = 0;                      // all that there are
  size_t reporting = 0;                   // of them say something of this destination
  LaneState worst = LaneState::kUnknown;  // over those
  bool any_delivers = false;
  std::vector<std::string> nodes_failing;  // whose lane retries or pauses; sorted
  std::string error_reason;                // of the first node that is worst off
  std::string error_message;
  std::string silence;  // why an agent says nothing, when one does
  uint64_t backlog_bytes = 0;
  std::optional<WallTime> oldest_undelivered;
  std::optional<WallTime> last_delivered;
  std::string fingerprint;  // of the credential that most agents use; "" when none has one
  size_t agents_with_it = 0;
  bool one_credential = true;  // no reporting agent uses another, or none
};

// In the order arize, databricks: those that the export names or, when it cannot be read, those
// that agents speak of.
[[nodiscard]] std::vector<LaneSummary> summarize_lanes(const Facts& facts);

}  // namespace dualtrace::ctl
