// SPDX-License-Identifier: Apache-2.0
#pragma once
// Retry: decides what an answer means for a batch and for the lane. decide() is pure; lane.cc acts
// on its decision. The rule and its reasons: docs/decisions/0007-lane-outcomes.md.
// Immutable.

#include <cstdint>

#include "agent/lane/batch_history.h"
#include "agent/send/exporter.h"
#include "common/random/random.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct RetryPolicy {
  Backoff backoff;
  Duration pause_probe_interval = std::chrono::seconds(30);
  Duration hint_max = std::chrono::hours(1);
  // A span that is set aside is retried after pause_probe_interval, then at growing intervals.
  Duration aside_max = std::chrono::minutes(10);
  // If only suspects wait, no other request can provide a contrast, but their parts may.
  uint32_t unweighed_to_cut = 1;
  // A batch that repeatedly times out is cut, so that its parts take less time.
  uint32_t time_outs_to_cut = 3;
  // A batch below this size is not cut for time.
  size_t slow_bytes_min = 64 * 1024;
};

enum class Action {
  kSettle,      // delivered, or delivered in part
  kWait,        // close the gate for `delay`, then probe
  kPause,       // the same, slowly, and report it
  kPark,        // this batch alone waits for `delay`; others pass
  kHalve,       // send two halves instead, each of them a suspect
  kSetAside,    // one span, not refused for good, waits alone for a long time
  kDeadLetter,  // one span, refused for good
};

struct Decision {
  Action action = Action::kSettle;
  bool halves = false;  // kPause: put two halves back
  Duration delay{0};    // kWait, kPause, kPark, kSetAside
};

// What the lane knows when it decides.
struct Circumstances {
  uint32_t lane_failures = 0;  // consecutive failures that closed the gate, before this one
  bool own_fault = false;      // others pass, as far as known, and it was not a probe
  uint32_t doubts = 0;         // consecutive refusals beyond what the data can cause
  uint32_t strikes_to_cut = 3;
  uint32_t strikes_to_set_aside = 3;
  uint32_t verdicts_needed = 2;
  size_t batch_bytes = 0;
};

// `history` includes this failure.
[[nodiscard]] Decision decide(const Outcome& outcome, const BatchHistory& history,
                              const Circumstances& circumstances, const RetryPolicy& policy,
                              Random& random);

}  // namespace dualtrace::agent
