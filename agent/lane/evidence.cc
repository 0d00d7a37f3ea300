#include "agent/lane/evidence.h"

#include <algorithm>
#include <cmath>

namespace dualtrace::agent {
namespace {

constexpr uint32_t kStrikesMin = 3;
constexpr uint32_t kVerdictsMin = 2;
constexpr uint32_t kRunMax = 200;
constexpr double kLately = 1.0 / 32;
constexpr double kLatelyOfVerdicts = 1.0 / 8;  // they are rarer

// How long a run of failures must be for chance to explain it once in a thousand.
uint32_t run_beyond_chance(double rate, uint32_t run_min) {
  if (rate <= 0.01) return run_min;
  if (rate >= 0.99) return kRunMax;
  const double run = std::ceil(std::log(1e-3) / std::log(rate));
  return std::clamp(static_cast<uint32_t>(run), run_min, kRunMax);
}

void move_towards(double& rate, double value, double step) { rate += (value - rate) * step; }

}  // namespace

BatchHistory history_of_half(const BatchHistory& parent, uint32_t spans) {
  BatchHistory half = parent;
  half.spans = spans;
  // One half is innocent, mostly: it must fail once more to be cut, and be refused by itself to be
  // given up.
  half.strikes = parent.strikes - std::min(parent.strikes, 1u);
  half.verdicts = 0;
  half.time_outs = 0;
  return half;
}

void Evidence::delivered(uint64_t number, const BatchHistory& history) {
  last_delivered_ = std::max(last_delivered_, number);
  refusals_ = 0;
  if (!history.suspect) move_towards(failure_rate_, 0, kLately);
  if (history.verdicts > 0) move_towards(wrong_verdicts_, 1, kLatelyOfVerdicts);
}

bool Evidence::failed(const Outcome& outcome, BatchHistory& history, uint64_t requests) {
  const bool too_large = outcome.kind == OutcomeKind::kSplit;
  const bool refused = too_large || outcome.kind == OutcomeKind::kRefuse;
  // A batch that is too large says nothing of the destination until it is a single span.
  if (refused && !(too_large && history.can_be_cut())) ++refusals_;
  if (!history.suspect && !too_large) move_towards(failure_rate_, 1, kLately);
  const bool verdict = refused && (too_large ? !history.can_be_cut() : outcome.verdict);
  history.time_outs = outcome.timed_out ? history.time_outs + 1 : 0;

  const bool failed_before = history.requests_at_failure > 0;
  const bool contrast = failed_before && last_delivered_ > history.requests_at_failure;
  if (failed_before && !contrast) return false;
  ++history.strikes;
  if (verdict) {
    if (history.verdicts > 0) move_towards(wrong_verdicts_, 0, kLatelyOfVerdicts);
    ++history.verdicts;
  }
  history.requests_at_failure = requests;
  return contrast;
}

uint32_t Evidence::strikes_needed() const { return run_beyond_chance(failure_rate_, kStrikesMin); }

uint32_t Evidence::verdicts_needed() const {
  return run_beyond_chance(wrong_verdicts_, kVerdictsMin);
}

}  // namespace dualtrace::agent
