// SPDX-License-Identifier: Apache-2.0
#pragma once
// Retry: what an answer means for a batch and for the lane. decide() is pure; lane.cc carries out
// what it says. The rule, and why: docs/decisions/0007-lane-outcomes.md.
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
  // What waits aside is tried again after pause_probe_interval, and ever more rarely.
  Duration aside_max = std::chrono::minutes(10);
  // Where nothing but suspects waits, nothing shows any more what they are: their parts may.
  uint32_t unweighed_to_cut = 1;
  // A batch that nobody answers in time is cut, so that its parts take less time.
  uint32_t time_outs_to_cut = 3;
  // What lies below is not worth cutting for time.
  size_t slow_bytes_min = 64 * 1024;
};

enum class Action {
  kSettle,      // delivered, or delivered in part
  kWait,        // close the gate for `delay`, then probe
  kPause,       // the same, slowly, and say so
  kPark,        // this batch alone waits for `delay`; others pass
  kHalve,       // send two halves instead, each of them a suspect
  kSetAside,    // one span, not refused for good: it alone waits, for long
  kDeadLetter,  // one span, refused for good
};

struct Decision {
  Action action = Action::kSettle;
  bool halves = false;  // kPause: put two halves back
  Duration delay{0};    // kWait, kPause, kPark, kSetAside
};

// What the lane knows when it decides.
struct Circumstances {
  uint32_t lane_failures = 0;  // failures in a row that closed the gate, before this one
  bool own_fault = false;      // others pass, as far as can be seen, and it was no probe
  uint32_t doubts = 0;         // refusals in a row beyond what can be the data's fault
  uint32_t strikes_to_cut = 3;
  uint32_t strikes_to_set_aside = 3;
  uint32_t verdicts_needed = 2;
  size_t batch_bytes = 0;
};

// `history` has this failure in it.
[[nodiscard]] Decision decide(const Outcome& outcome, const BatchHistory& history,
                              const Circumstances& circumstances, const RetryPolicy& policy,
                              Random& random);

}  // namespace dualtrace::agent
