// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/retry.h"

#include <algorithm>

#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

Duration with_hint(Duration delay, const Outcome& outcome, const RetryPolicy& policy) {
  return std::max(delay, std::min(outcome.retry_after.value_or(Duration(0)), policy.hint_max));
}

// Within a quarter of the interval, so that a fleet's agents do not retry in step.
Duration pause_delay(const RetryPolicy& policy, Random& random) {
  const Duration quarter = policy.pause_probe_interval / 4;
  const auto spread = static_cast<uint64_t>(2 * quarter.count() + 1);
  return policy.pause_probe_interval - quarter +
         Duration(static_cast<Duration::rep>(random.below(spread)));
}

Decision set_aside(const BatchHistory& history, const RetryPolicy& policy, Random& random) {
  const Backoff rarely{.base = policy.pause_probe_interval,
                       .max = std::max(policy.aside_max, policy.pause_probe_interval)};
  return {.action = Action::kSetAside, .delay = rarely.delay(history.times_aside + 1, random)};
}

bool unclear(const BatchHistory& history, const RetryPolicy& policy) {
  return history.suspect && history.can_be_cut() && history.unweighed >= policy.unweighed_to_cut;
}

// The batch fails while others pass, for a reason that is not attributed to its data.
Decision suspected(const Outcome& outcome, const BatchHistory& history,
                   const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  const uint32_t needed =
      history.can_be_cut() ? circumstances.strikes_to_cut : circumstances.strikes_to_set_aside;
  if (history.strikes < needed && !unclear(history, policy)) {
    const Duration backoff = policy.backoff.delay(history.strikes, random);
    return {.action = Action::kPark, .delay = with_hint(backoff, outcome, policy)};
  }
  if (history.can_be_cut()) return {.action = Action::kHalve};
  return set_aside(history, policy, random);
}

// The destination refuses this data. Decision 0007 says when to believe it.
Decision refused(const BatchHistory& history, const Circumstances& circumstances,
                 const RetryPolicy& policy, Random& random) {
  if (circumstances.doubts > 0) {
    // At first, retry sooner than after a missing permission: the next batch may pass. Cutting
    // continues at that pace, too: a part that passes shows what the others are.
    const Duration backoff = policy.backoff.delay(circumstances.doubts, random);
    return {.action = Action::kPause,
            .halves = history.can_be_cut(),
            .delay = std::min(backoff, pause_delay(policy, random))};
  }
  if (history.can_be_cut()) return {.action = Action::kHalve};
  if (history.verdicts >= circumstances.verdicts_needed) return {.action = Action::kDeadLetter};
  return {.action = Action::kPark, .delay = policy.backoff.delay(history.strikes, random)};
}

Decision not_now(const Outcome& outcome, const BatchHistory& history,
                 const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  if (circumstances.own_fault) {
    return suspected(outcome, history, circumstances, policy, random);
  }
  if (unclear(history, policy)) return {.action = Action::kHalve};
  if (outcome.kind == OutcomeKind::kPause) {
    return {.action = Action::kPause, .delay = pause_delay(policy, random)};
  }
  const Duration backoff = policy.backoff.delay(circumstances.lane_failures + 1, random);
  return {.action = Action::kWait, .delay = with_hint(backoff, outcome, policy)};
}

}  // namespace

Decision decide(const Outcome& outcome, const BatchHistory& history,
                const Circumstances& circumstances, const RetryPolicy& policy, Random& random) {
  switch (outcome.kind) {
    case OutcomeKind::kDelivered:
    case OutcomeKind::kPartly:
      return {.action = Action::kSettle};
    case OutcomeKind::kRetry:
      if (history.time_outs >= policy.time_outs_to_cut && history.can_be_cut() &&
          circumstances.batch_bytes > policy.slow_bytes_min) {
        return {.action = Action::kHalve};
      }
      return not_now(outcome, history, circumstances, policy, random);
    case OutcomeKind::kPause:
      return not_now(outcome, history, circumstances, policy, random);
    case OutcomeKind::kSplit:
      if (history.can_be_cut()) return {.action = Action::kHalve};
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
