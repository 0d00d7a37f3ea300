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

TEST(Losses, AreRecentForTheNextProcessForTheRestOfTheWindow) {
  Losses before;
  before.add(LossWord::kRejected, "Rejected", 5, "span id is zero", at(0), kWall);
  before.add(LossWord::kExpired, "Age", 7, "", at(-200), kWall - seconds(200));
  const std::string note = before.note(at(10));

  Losses losses;
  const Tick booted = Tick(seconds(20));  // the machine has restarted, too
  ASSERT_TRUE(losses.resume(note, booted, kWall + seconds(30)));
  EXPECT_GT(losses.changes(), 0U);
  EXPECT_EQ(losses.told(booted), (std::vector<report::Loss>{{.word = LossWord::kRejected,
                                                             .reason = "Rejected",
                                                             .spans = 5,
                                                             .lately = 5,
                                                             .last = kWall,
                                                             .message = "span id is zero"}}));
  EXPECT_EQ(losses.told(booted + seconds(49))[0].lately, 5U);
  EXPECT_EQ(losses.told(booted + seconds(61))[0].lately, 0U);

  losses.add(LossWord::kRejected, "Rejected", 1, "another", booted, kWall + seconds(30));
  EXPECT_EQ(losses.told(booted)[0].lately, 6U);
  EXPECT_EQ(losses.told(booted)[0].message, "another");
}

TEST(Losses, OfAnOldNoteCountButAreNotRecent) {
  Losses before;
  before.add(LossWord::kRejected, "Rejected", 5, "", at(0), kWall);
  Losses losses;
  const Duration age = std::chrono::hours(1);
  ASSERT_TRUE(losses.resume(before.note(at(0)), at(0), kWall + age));
  ASSERT_EQ(losses.told(at(0)).size(), 1U);
  EXPECT_EQ(losses.told(at(0))[0].spans, 5U);
  EXPECT_EQ(losses.told(at(0))[0].lately, 0U);
  EXPECT_EQ(losses.told(at(0))[0].last, kWall);
  EXPECT_EQ(losses.note(at(0)), Losses().note(at(0))) << "the process after the next knows nothing";
}

TEST(Losses, OfAnUnreadableNoteAreNone) {
  Losses losses;
  EXPECT_FALSE(losses.resume("torn", at(0), kWall));
  EXPECT_TRUE(losses.told(at(0)).empty());
  EXPECT_EQ(losses.changes(), 0U);
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
