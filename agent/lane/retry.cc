#include "agent/lane/retry.h"

#include <algorithm>

#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

Duration with_hint(Duration delay, const Outcome& outcome, const RetryPolicy& policy) {
  return std::max(delay, std::min(outcome.retry_after.value_or(Duration(0)), policy.hint_max));
}

// Within a quarter of the interval, so that a fleet's agents do not knock in step.
Duration pause_delay(const RetryPolicy& policy, Random& random) {
  const Duration quarter = policy.pause_probe_interval / 4;
  const auto spread = static_cast<uint64_t>(2 * quarter.count() + 1);
  return policy.pause_probe_interval - quarter +
         Duration(static_cast<Duration::rep>(random.below(spread)));
}

Decision set_aside(const BatchHistory& history, const RetryPolicy& policy, Random& random) {
  const Backoff rarely{.base = policy.pause_probe_interval,
                       .max = std::max(policy.aside_max, policy.pause_probe_interval)};
  return {Action::kSetAside, rarely.delay(history.times_aside + 1, random)};
}

// It fails while others pass, for a reason that is not said to be its data.
Decision suspected(const Outcome& outcome, const BatchHistory& history,
                   const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  if (history.strikes >= circumstances.strikes_needed) {
    if (history.can_be_cut()) return {Action::kHalve};
    return set_aside(history, policy, random);
  }
  return {Action::kPark, with_hint(policy.backoff.delay(history.strikes, random), outcome, policy)};
}

// The destination says that these data are not to be had. Whether to believe it: decision 0007.
Decision refused(const BatchHistory& history, const Circumstances& circumstances,
                 const RetryPolicy& policy, Random& random) {
  if (circumstances.doubts > 0) {
    // Sooner than after a missing right, at first: the next batch may be the one that passes.
    const Duration backoff = policy.backoff.delay(circumstances.doubts, random);
    return {Action::kPause, std::min(backoff, pause_delay(policy, random))};
  }
  if (history.can_be_cut()) return {Action::kHalve};
  if (history.verdicts >= circumstances.verdicts_needed) return {Action::kDeadLetter};
  return {Action::kPark, policy.backoff.delay(history.strikes, random)};
}

Decision not_now(const Outcome& outcome, const BatchHistory& history,
                 const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  if (circumstances.own_fault) {
    return suspected(outcome, history, circumstances, policy, random);
  }
  const Duration backoff = policy.backoff.delay(circumstances.lane_failures + 1, random);
  return {Action::kWait, with_hint(backoff, outcome, policy)};
}

}  // namespace

Decision decide(const Outcome& outcome, const BatchHistory& history,
                const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  switch (outcome.kind) {
    case OutcomeKind::kDelivered:
    case OutcomeKind::kPartly:
      return {Action::kSettle};
    case OutcomeKind::kRetry:
      if (history.time_outs >= policy.time_outs_to_cut && history.can_be_cut() &&
          circumstances.batch_bytes > policy.slow_bytes_min) {
        return {Action::kHalve};
      }
      return not_now(outcome, history, circumstances, policy, random);
    case OutcomeKind::kPause:
      if (circumstances.own_fault) {
        return suspected(outcome, history, circumstances, policy, random);
      }
      return {Action::kPause, pause_delay(policy, random)};
    case OutcomeKind::kSplit:
      if (history.can_be_cut()) return {Action::kHalve};
      return refused(history, circumstances, policy, random);
    case OutcomeKind::kRefuse:
      if (outcome.verdict || circumstances.doubts > 0) {
        return refused(history, circumstances, policy, random);
      }
      return not_now(outcome, history, circumstances, policy, random);
  }
  DT_CHECK(false);
  return {};
}

}  // namespace dualtrace::agent
