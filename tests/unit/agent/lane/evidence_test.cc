// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/evidence.h"

#include <gtest/gtest.h>

#include "common/random/random.h"

namespace dualtrace::agent {
namespace {

const Outcome kRetry{.kind = OutcomeKind::kRetry};
const Outcome kVerdict{.kind = OutcomeKind::kRefuse, .verdict = true};
const Outcome kForeign{.kind = OutcomeKind::kRefuse};
const Outcome kTooLarge{.kind = OutcomeKind::kSplit};

TEST(Evidence, CountsAStrikeOnlyIfAnotherRequestPassedThatWasSentSinceTheLast) {
  Evidence evidence;
  BatchHistory history{.spans = 1};
  evidence.delivered(8, {});
  EXPECT_FALSE(evidence.failed(kRetry, history, 10))
      << "a first failure has nothing to compare with";
  EXPECT_EQ(history.strikes, 1u);
  evidence.delivered(9, {});
  EXPECT_FALSE(evidence.failed(kRetry, history, 12)) << "9 was sent before the failure";
  EXPECT_EQ(history.strikes, 1u);
  evidence.delivered(13, {});
  EXPECT_TRUE(evidence.failed(kRetry, history, 14));
  EXPECT_EQ(history.strikes, 2u);
  EXPECT_FALSE(evidence.failed(kRetry, history, 15));
  EXPECT_EQ(history.strikes, 2u);
}

TEST(Evidence, VerdictsAreCountedApart) {
  Evidence evidence;
  BatchHistory history{.spans = 1};
  uint64_t number = 0;
  for (const Outcome& outcome : {kRetry, kForeign, kVerdict, kTooLarge}) {
    evidence.failed(outcome, history, ++number);
    evidence.delivered(++number, {});
  }
  EXPECT_EQ(history.strikes, 4u);
  EXPECT_EQ(history.verdicts, 2u);
}

TEST(Evidence, DoubtsAfterAHandfulOfRefusalsAndBelievesAgainAfterADelivery) {
  for (const Outcome& outcome : {kVerdict, kForeign, kTooLarge}) {
    Evidence evidence;
    for (uint32_t i = 1; i < Evidence::kRefusalsToDoubt; ++i) {
      BatchHistory history{.spans = 1};
      evidence.failed(outcome, history, i);
      EXPECT_EQ(evidence.doubts(), 0u);
    }
    BatchHistory history{.spans = 1};
    evidence.failed(outcome, history, 9);
    EXPECT_EQ(evidence.doubts(), 1u);
    evidence.failed(outcome, history, 10);
    EXPECT_EQ(evidence.doubts(), 2u);
    evidence.delivered(11, {});
    EXPECT_EQ(evidence.doubts(), 0u);
  }
}

TEST(Evidence, ABatchThatIsTooLargeIsNoRefusal) {
  Evidence evidence;
  for (int i = 1; i < 100; ++i) {
    BatchHistory history{.spans = 2};
    evidence.failed(kTooLarge, history, static_cast<uint64_t>(i));
  }
  EXPECT_EQ(evidence.doubts(), 0u);
}

TEST(Evidence, AsksForMoreWhereFailingIsUsual) {
  for (const auto& [percent, least, most] :
       {std::tuple{0u, 3u, 3u}, {5u, 3u, 3u}, {50u, 3u, 6u}, {80u, 6u, 12u}, {95u, 8u, 12u}}) {
    Evidence evidence;
    Random random(1);
    uint64_t number = 0;
    for (int i = 0; i < 2000; ++i) {
      BatchHistory history{.spans = 1};
      if (random.below(100) < percent) {
        evidence.failed(kRetry, history, ++number);
      } else {
        evidence.delivered(++number, {});
      }
    }
    EXPECT_GE(evidence.strikes_to_cut(), least) << percent;
    EXPECT_LE(evidence.strikes_to_cut(), most) << percent;
    EXPECT_GE(evidence.strikes_to_set_aside(), evidence.strikes_to_cut()) << percent;
  }
}

TEST(Evidence, SuspectsDoNotSpeakForTheDestination) {
  Evidence evidence;
  BatchHistory history{.spans = 1, .suspect = true};
  for (uint64_t i = 1; i < 1000; ++i) evidence.failed(kRetry, history, i);
  EXPECT_EQ(evidence.strikes_to_cut(), 3u);
}

TEST(Evidence, AsksForMoreVerdictsWhereTheyTurnOutWrong) {
  Evidence evidence;
  uint64_t number = 0;
  for (int i = 0; i < 20; ++i) {
    BatchHistory history{.spans = 1};
    evidence.failed(kVerdict, history, ++number);
    evidence.delivered(++number, history);
  }
  EXPECT_GT(evidence.verdicts_needed(), 20u);
  BatchHistory bad{.spans = 1};
  for (int i = 0; i < 60; ++i) {
    evidence.failed(kVerdict, bad, ++number);
    evidence.delivered(++number, {});
  }
  EXPECT_EQ(evidence.verdicts_needed(), 2u) << "and believes them again";
}

TEST(Evidence, AHalfMustBeRefusedByItself) {
  const BatchHistory parent{
      .spans = 8, .strikes = 3, .verdicts = 2, .requests_at_failure = 7, .suspect = true};
  const BatchHistory half = history_of_half(parent, 4);
  EXPECT_EQ(half.spans, 4u);
  EXPECT_EQ(half.strikes, 2u);
  EXPECT_EQ(half.verdicts, 0u);
  EXPECT_EQ(half.requests_at_failure, 7u);
  EXPECT_TRUE(half.suspect);
}

}  // namespace
}  // namespace dualtrace::agent
