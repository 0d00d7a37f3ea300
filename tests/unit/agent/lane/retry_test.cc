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
    Action action;
  };
  const Outcome suspect{.kind = OutcomeKind::kRetry, .suspect = true};
  const Case cases[] = {
      {"delivered", {}, {.spans = 1}, Action::kSettle},
      {"partly", {.kind = OutcomeKind::kPartly, .rejected = 1}, {.spans = 2}, Action::kSettle},
      {"retry", {.kind = OutcomeKind::kRetry}, {.spans = 2}, Action::kWait},
      {"retry, struck out before",
       {.kind = OutcomeKind::kRetry},
       {.spans = 2, .strikes = 9},
       Action::kWait},
      {"suspect", suspect, {.spans = 2, .strikes = 3}, Action::kWait},
      {"suspect, struck out", suspect, {.spans = 2, .strikes = 4}, Action::kHalve},
      {"suspect span", suspect, {.spans = 1, .strikes = 3}, Action::kWait},
      {"suspect span, struck out", suspect, {.spans = 1, .strikes = 4}, Action::kDeadLetter},
      {"half of a suspect",
       suspect,
       {.spans = 2, .strikes = 1, .suspect_parent = true},
       Action::kWait},
      {"half of a suspect, again",
       suspect,
       {.spans = 2, .strikes = 2, .suspect_parent = true},
       Action::kHalve},
      {"last half of a suspect",
       suspect,
       {.spans = 1, .strikes = 3, .suspect_parent = true},
       Action::kWait},
      {"pause", {.kind = OutcomeKind::kPause}, {.spans = 1}, Action::kPause},
      {"split", {.kind = OutcomeKind::kSplit}, {.spans = 2}, Action::kHalve},
      {"split a span", {.kind = OutcomeKind::kSplit}, {.spans = 1}, Action::kDeadLetter},
      {"refuse", {.kind = OutcomeKind::kRefuse}, {.spans = 3}, Action::kHalve},
      {"refuse a span", {.kind = OutcomeKind::kRefuse}, {.spans = 1}, Action::kDeadLetter},
  };
  Random random(1);
  for (const Case& each : cases) {
    EXPECT_EQ(decide(each.outcome, each.history, 0, kPolicy, random).action, each.action)
        << each.what;
  }
}

TEST(Retry, WaitsForTheLongerOfBackoffAndHint) {
  Random random(1);
  const BatchHistory history{.spans = 1};
  Outcome outcome{.kind = OutcomeKind::kRetry, .retry_after = minutes(5)};
  EXPECT_EQ(decide(outcome, history, 0, kPolicy, random).delay, minutes(5));
  outcome.retry_after = hours(9);
  EXPECT_EQ(decide(outcome, history, 0, kPolicy, random).delay, hours(1));
  outcome.retry_after = seconds(0);
  for (uint32_t failures = 0; failures < 20; ++failures) {
    const Duration delay = decide(outcome, history, failures, kPolicy, random).delay;
    EXPECT_GE(delay, kPolicy.backoff.base / 2);
    EXPECT_LE(delay, std::min<Duration>(seconds(1) * (1u << std::min(failures, 10u)), seconds(30)));
  }
}

TEST(Retry, SpreadsPauseProbes) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const Duration delay =
        decide({.kind = OutcomeKind::kPause}, {.spans = 1}, 0, kPolicy, random).delay;
    EXPECT_GE(delay, seconds(30));
    EXPECT_LE(delay, seconds(50));
  }
}

TEST(Retry, CountsAStrikeOnlyIfAnotherRequestPassedSinceTheLast) {
  BatchHistory history{.spans = 1};
  add_suspect_failure(history, 10, 8);
  EXPECT_EQ(history.strikes, 1u);
  add_suspect_failure(history, 12, 9);
  EXPECT_EQ(history.strikes, 1u) << "number 9 was sent before the first strike";
  add_suspect_failure(history, 14, 13);
  EXPECT_EQ(history.strikes, 2u);
  add_suspect_failure(history, 15, 13);
  EXPECT_EQ(history.strikes, 2u);
}

}  // namespace
}  // namespace dualtrace::agent
