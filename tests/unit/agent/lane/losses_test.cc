// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

using report::LossWord;
using std::chrono::seconds;

const WallTime kWall{seconds(1'700'000'000)};

Tick at(int64_t second) { return Tick(seconds(1000 + second)); }

TEST(Losses, CountSinceTheBeginningAndLately) {
  Losses losses;
  losses.add(LossWord::kDeadLettered, "MissingProject", 40, "no project", at(0), kWall);
  losses.add(LossWord::kDeadLettered, "MissingProject", 2, "still none", at(30),
             kWall + seconds(30));
  const auto told = losses.told(at(40));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], (report::Loss{.word = LossWord::kDeadLettered,
                                   .reason = "MissingProject",
                                   .spans = 42,
                                   .lately = 42,
                                   .last = kWall + seconds(30),
                                   .message = "still none"}));
}

TEST(Losses, AreOverWithoutAnotherOne) {
  Losses losses;
  losses.add(LossWord::kRejected, "Rejected", 5, "", at(0), kWall);
  EXPECT_EQ(losses.told(at(79))[0].lately, 5U);
  EXPECT_EQ(losses.told(at(91))[0].lately, 0U);
  EXPECT_EQ(losses.told(at(91))[0].spans, 5U) << "for readers who look later";
  losses.add(LossWord::kRejected, "Rejected", 1, "", at(200), kWall);
  EXPECT_EQ(losses.told(at(200))[0].lately, 1U);
}

TEST(Losses, ForgetTheOldestStepByStep) {
  Losses losses;
  for (int second = 0; second < 300; second += 10) {
    losses.add(LossWord::kExpired, "Age", 1, "", at(second), kWall);
  }
  EXPECT_EQ(losses.told(at(299))[0].lately, 9U);
  EXPECT_EQ(losses.told(at(299))[0].spans, 30U);
}

TEST(Losses, BeginWithTheKindThatLosesMostNow) {
  Losses losses;
  losses.add(LossWord::kDeadLettered, "InvalidData", 100, "", at(0), kWall);
  losses.add(LossWord::kExpired, "Backlog", 3, "", at(200), kWall);
  EXPECT_EQ(losses.told(at(201))[0].reason, "Backlog");
}

TEST(Losses, AreOfFewKinds) {
  Losses losses;
  for (int i = 0; i < 100; ++i) {
    losses.add(LossWord::kDeadLettered, "reason" + std::to_string(i), 1, "", at(0), kWall);
  }
  const auto told = losses.told(at(0));
  EXPECT_LE(told.size(), report::kLossesMax);
  uint64_t spans = 0;
  for (const report::Loss& loss : told) spans += loss.spans;
  EXPECT_EQ(spans, 100U);
}

}  // namespace
}  // namespace dualtrace::agent
