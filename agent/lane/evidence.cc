// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/evidence.h"

#include <algorithm>
#include <cmath>

namespace dualtrace::agent {
namespace {

// Cutting a batch needlessly costs requests; dead-lettering a span needlessly loses it.
struct Bounds {
  double chance;  // the accepted risk
  uint32_t run_min;
  uint32_t run_max;
};
constexpr Bounds kToCut{.chance = 0.1, .run_min = 3, .run_max = 12};
constexpr Bounds kToSetAside{.chance = 0.001, .run_min = 3, .run_max = 200};
constexpr Bounds kVerdicts{.chance = 0.001, .run_min = 2, .run_max = 200};
constexpr double kLately = 1.0 / 32;
constexpr double kLatelyOfVerdicts = 1.0 / 8;  // they are rarer

// How long a run of failures must be so that chance explains it only that rarely.
uint32_t run_beyond_chance(double rate, const Bounds& bounds) {
  if (rate <= 0.01) return bounds.run_min;
  if (rate >= 0.99) return bounds.run_max;
  const double run = std::ceil(std::log(bounds.chance) / std::log(rate));
  return std::clamp(static_cast<uint32_t>(run), bounds.run_min, bounds.run_max);
}

void move_towards(double& rate, double value, double step) { rate += (value - rate) * step; }

}  // namespace

BatchHistory history_of_half(const BatchHistory& parent, uint32_t spans) {
  BatchHistory half = parent;
  half.spans = spans;
  // Usually one half is innocent: it must fail once more to be cut, and be refused by itself to be
  // dead-lettered.
  half.strikes = parent.strikes - std::min(parent.strikes, 1u);
  half.verdicts = 0;
  half.time_outs = 0;
  half.unweighed = 0;
  return half;
}

void Evidence::delivered(uint64_t number, const BatchHistory& history) {
  last_delivered_ = std::max(last_delivered_, number);
  refusals_ = 0;
  batches_refused_ = 0;
  failures_in_a_row_ = 0;
  if (!history.suspect) move_towards(failure_rate_, 0, kLately);
  if (history.verdicts > 0) move_towards(wrong_verdicts_, 1, kLatelyOfVerdicts);
}

bool Evidence::failed(const Outcome& outcome, BatchHistory& history, uint64_t requests) {
  const bool too_large = outcome.kind == OutcomeKind::kSplit;
  const bool refused = too_large || outcome.kind == OutcomeKind::kRefuse;
  const bool failed_before = history.requests_at_failure > 0;
  const bool contrast = failed_before && last_delivered_ > history.requests_at_failure;
  // A batch that is too large shows nothing about the destination until it is a single span; a
  // batch that is refused again after others passed shows nothing new.
  if (refused && !contrast && !(too_large && history.can_be_cut())) ++refusals_;
  if (refused && !history.suspect && !failed_before) ++batches_refused_;
  if (!history.suspect && !too_large) move_towards(failure_rate_, 1, kLately);
  // A suspect that fails again after others passed shows nothing new.
  if (!too_large && !(history.suspect && contrast)) ++failures_in_a_row_;
  history.time_outs = outcome.timed_out ? history.time_outs + 1 : 0;
  if (failed_before && !contrast) {
    ++history.unweighed;
    return false;
  }
  history.unweighed = 0;
  ++history.strikes;
  if (refused && (too_large ? !history.can_be_cut() : outcome.verdict)) {
    if (history.verdicts > 0) move_towards(wrong_verdicts_, 0, kLatelyOfVerdicts);
    ++history.verdicts;
  }
  history.requests_at_failure = requests;
  return contrast;
}

uint32_t Evidence::strikes_to_cut() const { return run_beyond_chance(failure_rate_, kToCut); }

uint32_t Evidence::strikes_to_set_aside() const {
  return run_beyond_chance(failure_rate_, kToSetAside);
}

uint32_t Evidence::verdicts_needed() const { return run_beyond_chance(wrong_verdicts_, kVerdicts); }

}  // namespace dualtrace::agent
