#pragma once
// Retry: what an answer means for a batch and for the lane. decide() is pure; lane.cc carries out
// what it says. docs/decisions/0007-lane-outcomes.md has the reasons.
// Immutable.

#include <cstdint>

#include "agent/send/exporter.h"
#include "common/random/random.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

// What a batch went through that matters for the next step.
struct BatchHistory {
  uint32_t spans = 0;
  // Failures that may be the data's fault ("suspect"), each followed by the delivery of another
  // request that was sent after it. An outage gives one strike, however long it lasts.
  uint32_t strikes = 0;
  uint64_t requests_at_strike = 0;  // how many requests the lane had sent at the last strike
  bool suspect_parent = false;      // a half of a batch that struck out

  bool operator==(const BatchHistory&) const = default;
};

[[nodiscard]] BatchHistory history_of_half(const BatchHistory& parent, uint32_t spans);

// Puts one suspect failure down; `requests` were sent by the lane so far, the latest that was
// delivered was number `last_delivered`.
void add_suspect_failure(BatchHistory& history, uint64_t requests, uint64_t last_delivered);

struct RetryPolicy {
  Backoff backoff;
  Duration pause_probe_interval = std::chrono::seconds(30);
  Duration hint_max = std::chrono::hours(1);
  // Halving on a false suspicion costs requests, dead-lettering costs data: the last step, and the
  // first, ask for more evidence than those between.
  uint32_t strikes_to_cut = 4;
  uint32_t strikes_to_cut_again = 2;
};

enum class Action {
  kSettle,      // delivered, or delivered in part
  kWait,        // close the gate for `delay`, then probe
  kPause,       // the same, slowly, and say so
  kHalve,       // send two halves instead, at once
  kDeadLetter,  // one span, refused for good
};

struct Decision {
  Action action = Action::kSettle;
  Duration delay{0};  // kWait, kPause
};

// `lane_failures` counts the failures in a row before this one. `history` has this failure in it.
[[nodiscard]] Decision decide(const Outcome& outcome, const BatchHistory& history,
                              uint32_t lane_failures, const RetryPolicy& policy, Random& random);

}  // namespace dualtrace::agent
