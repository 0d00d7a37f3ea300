// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/retry.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const RetryPolicy kPolicy{.backoff = {.base = seconds(1), .max = seconds(30)},
                          .pause_probe_interval = seconds(40)};

TEST(Retry, MapsEachOutcomeToOneAction) {
  struct Case {
    const char* what;
    Outcome outcome;
    BatchHistory history;
    Circumstances circumstances;
    Action action;
  };
  const Outcome retry{.kind = OutcomeKind::kRetry};
  const Outcome late{.kind = OutcomeKind::kRetry, .timed_out = true};
  const Outcome pause{.kind = OutcomeKind::kPause};
  const Outcome split{.kind = OutcomeKind::kSplit};
  const Outcome foreign{.kind = OutcomeKind::kRefuse};
  const Outcome verdict{.kind = OutcomeKind::kRefuse, .verdict = true};
  const Circumstances own_fault{.own_fault = true};
  const Circumstances doubtful{.doubts = 1};
  const Case cases[] = {
      {"delivered", {}, {.spans = 1}, {}, Action::kSettle},
      {"partly", {.kind = OutcomeKind::kPartly, .rejected = 1}, {.spans = 2}, {}, Action::kSettle},
      {"retry", retry, {.spans = 2, .strikes = 9}, {}, Action::kWait},
      {"retry in contrast", retry, {.spans = 2, .strikes = 2}, own_fault, Action::kPark},
      {"retry, struck out", retry, {.spans = 2, .strikes = 3}, own_fault, Action::kHalve},
      {"retry of a span, struck out",
       retry,
       {.spans = 1, .strikes = 3},
       own_fault,
       Action::kSetAside},
      {"struck out where failing is usual",
       retry,
       {.spans = 2, .strikes = 3},
       {.own_fault = true, .strikes_to_cut = 20},
       Action::kPark},
      {"late", late, {.spans = 2, .time_outs = 2}, {.batch_bytes = 1 << 20}, Action::kWait},
      {"late again", late, {.spans = 2, .time_outs = 3}, {.batch_bytes = 1 << 20}, Action::kHalve},
      {"late, and small", late, {.spans = 2, .time_outs = 3}, {.batch_bytes = 100}, Action::kWait},
      {"pause", pause, {.spans = 1}, {}, Action::kPause},
      {"pause in contrast", pause, {.spans = 1, .strikes = 2}, own_fault, Action::kPark},
      {"pause of a span, struck out",
       pause,
       {.spans = 1, .strikes = 3},
       own_fault,
       Action::kSetAside},
      {"split", split, {.spans = 2}, {}, Action::kHalve},
      {"split a span", split, {.spans = 1, .verdicts = 1}, {}, Action::kPark},
      {"split a span, convicted", split, {.spans = 1, .verdicts = 2}, {}, Action::kDeadLetter},
      {"split a span, as everything", split, {.spans = 1, .verdicts = 2}, doubtful, Action::kPause},
      {"refused by a stranger", foreign, {.spans = 2}, {}, Action::kWait},
      {"refused by a stranger, as everything", foreign, {.spans = 2}, doubtful, Action::kPause},
      {"refused by a stranger, in contrast",
       foreign,
       {.spans = 1, .strikes = 9, .verdicts = 9},
       own_fault,
       Action::kSetAside},
      {"verdict", verdict, {.spans = 3}, {}, Action::kHalve},
      {"verdict, as everything", verdict, {.spans = 3}, doubtful, Action::kPause},
      {"verdict on a span", verdict, {.spans = 1, .strikes = 1, .verdicts = 1}, {}, Action::kPark},
      {"verdict on a span, convicted",
       verdict,
       {.spans = 1, .verdicts = 2},
       {},
       Action::kDeadLetter},
      {"verdict where refusing is usual",
       verdict,
       {.spans = 1, .verdicts = 2},
       {.verdicts_needed = 9},
       Action::kPark},
      {"verdict on what cannot be cut",
       verdict,
       {.spans = 5, .verdicts = 2, .uncuttable = true},
       {},
       Action::kDeadLetter},
  };
  Random random(1);
  for (const Case& each : cases) {
    EXPECT_EQ(decide(each.outcome, each.history, each.circumstances, kPolicy, random).action,
              each.action)
        << each.what;
  }
}

TEST(Retry, WaitsForTheLongerOfBackoffAndHint) {
  Random random(1);
  const BatchHistory history{.spans = 1, .strikes = 1};
  Outcome outcome{.kind = OutcomeKind::kRetry, .retry_after = minutes(5)};
  for (const bool own_fault : {false, true}) {
    outcome.retry_after = minutes(5);
    const Circumstances circumstances{.own_fault = own_fault};
    EXPECT_EQ(decide(outcome, history, circumstances, kPolicy, random).delay, minutes(5));
    outcome.retry_after = hours(9);
    EXPECT_EQ(decide(outcome, history, circumstances, kPolicy, random).delay, hours(1));
  }
  outcome.retry_after = seconds(0);
  for (uint32_t failures = 0; failures < 20; ++failures) {
    const Duration delay =
        decide(outcome, history, {.lane_failures = failures}, kPolicy, random).delay;
    EXPECT_GE(delay, kPolicy.backoff.base / 2);
    EXPECT_LE(delay, std::min<Duration>(seconds(1) * (1u << std::min(failures, 10u)), seconds(30)));
  }
}

TEST(Retry, SpreadsPauseProbes) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const Duration delay =
        decide({.kind = OutcomeKind::kPause}, {.spans = 1}, {}, kPolicy, random).delay;
    EXPECT_GE(delay, seconds(30));
    EXPECT_LE(delay, seconds(50));
  }
}

TEST(Retry, ProbesSoonAfterTheFirstDoubtAndThenAsSlowlyAsInAnyPause) {
  Random random(1);
  const Outcome verdict{.kind = OutcomeKind::kRefuse, .verdict = true};
  EXPECT_LE(decide(verdict, {.spans = 1}, {.doubts = 1}, kPolicy, random).delay, seconds(1));
  for (int i = 0; i < 100; ++i) {
    EXPECT_LE(decide(verdict, {.spans = 1}, {.doubts = 100}, kPolicy, random).delay, seconds(50));
  }
}

TEST(Retry, WaitsAsideEverLongerWithinBounds) {
  Random random(1);
  for (uint32_t times = 0; times < 20; ++times) {
    const BatchHistory history{.spans = 1, .strikes = 3, .times_aside = times};
    const Duration delay =
        decide({.kind = OutcomeKind::kRetry}, history, {.own_fault = true}, kPolicy, random).delay;
    EXPECT_GE(delay, kPolicy.pause_probe_interval / 2);
    EXPECT_LE(delay, kPolicy.aside_max);
  }
}

}  // namespace
}  // namespace dualtrace::agent
