// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a lane reports about itself at one moment: for /status, /metrics and the page. Immutable.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal_lane.h"
#include "agent/lane/losses.h"
#include "common/report/words.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

using report::LaneState;

struct LaneError {
  std::string reason;   // Outcome::reason
  std::string message;  // for people
  WallTime when;
  std::string cause{};  // Outcome::cause
};

struct LaneStatus {
  std::string name;  // "arize", "databricks"
  LaneState state = LaneState::kIdle;
  LaneBooks books;  // summed over own and adopted journals
  uint64_t requests_in_flight = 0;
  uint64_t bytes_held = 0;  // of requests that were read but not yet accounted for
  std::optional<WallTime> last_success;
  std::optional<LaneError> last_error;
  std::vector<report::Loss> losses;
};

// What a lane knows about the wall clock: its offset from the tick when last read, and when it last
// jumped forward.
struct SeenClock {
  Duration offset{0};
  std::optional<Tick> jumped{};
};

// What a lane passes to its successor in addition to the journals, so that the status continues
// and, after a reload, a clock jump does not expire spans that it did not expire before.
struct LaneLegacy {
  LaneBooks let_go_books;  // of adopted journals that were drained and removed
  std::optional<WallTime> last_success;
  std::optional<LaneError> last_error;
  std::optional<SeenClock> seen_clock;
  Losses losses;
};

}  // namespace dualtrace::agent
