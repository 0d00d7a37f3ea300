#include "agent/lane/retry.h"

#include <algorithm>

#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

bool struck_out(const BatchHistory& history, const RetryPolicy& policy) {
  const bool between = history.suspect_parent && history.spans > 1;
  return history.strikes >= (between ? policy.strikes_to_cut_again : policy.strikes_to_cut);
}

Decision cut_down(const BatchHistory& history) {
  return {history.spans > 1 ? Action::kHalve : Action::kDeadLetter};
}

Duration retry_delay(const Outcome& outcome, uint32_t lane_failures, const RetryPolicy& policy,
                     Random& random) {
  const Duration backoff = policy.backoff.delay(lane_failures + 1, random);
  const Duration hint = outcome.retry_after.value_or(Duration(0));
  return std::max(backoff, std::min(hint, policy.hint_max));
}

// Within a quarter of the interval, so that a fleet's agents do not knock in step.
Duration pause_delay(const RetryPolicy& policy, Random& random) {
  const Duration quarter = policy.pause_probe_interval / 4;
  const auto spread = static_cast<uint64_t>(2 * quarter.count() + 1);
  return policy.pause_probe_interval - quarter +
         Duration(static_cast<Duration::rep>(random.below(spread)));
}

}  // namespace

BatchHistory history_of_half(const BatchHistory& parent, uint32_t spans) {
  BatchHistory half;
  half.spans = spans;
  half.suspect_parent = parent.suspect_parent || parent.strikes > 0;
  return half;
}

void add_suspect_failure(BatchHistory& history, uint64_t requests, uint64_t last_delivered) {
  if (history.strikes > 0 && last_delivered <= history.requests_at_strike) return;
  ++history.strikes;
  history.requests_at_strike = requests;
}

Decision decide(const Outcome& outcome, const BatchHistory& history, uint32_t lane_failures,
                const RetryPolicy& policy, Random& random) {
  switch (outcome.kind) {
    case OutcomeKind::kDelivered:
    case OutcomeKind::kPartly:
      return {Action::kSettle};
    case OutcomeKind::kRetry:
      if (outcome.suspect && struck_out(history, policy)) return cut_down(history);
      return {Action::kWait, retry_delay(outcome, lane_failures, policy, random)};
    case OutcomeKind::kPause:
      return {Action::kPause, pause_delay(policy, random)};
    case OutcomeKind::kSplit:
    case OutcomeKind::kRefuse:
      return cut_down(history);
  }
  DT_CHECK(false);
  return {};
}

}  // namespace dualtrace::agent
