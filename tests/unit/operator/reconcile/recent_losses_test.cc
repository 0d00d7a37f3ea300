// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/recent_losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/status/status.h"

namespace dualtrace::ctl {
namespace {

using report::LossWord;
using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime kStart = from_unix_nanos(1'764'000'000'000'000'000);

// What a process that started then says at `now`, by the agent's own clock.
AgentReport losing(uint64_t lately, WallTime now, WallTime last, WallTime started = kStart) {
  AgentReport made{.node = "a", .pod = "agent-a"};
  made.says.now = now;
  made.says.started = started;
  made.says.lanes = {{.name = "arize",
                      .state = report::LaneState::kIdle,
                      .losses = {{.word = LossWord::kExpired,
                                  .reason = "Age",
                                  .spans = lately,
                                  .lately = lately,
                                  .last = last,
                                  .message = "too old"}}}};
  return made;
}

AgentReport losing_nothing(WallTime now, WallTime started = kStart) {
  AgentReport made = losing(0, now, now, started);
  made.says.lanes[0].losses.clear();
  return made;
}

RecentLossFact lost(uint64_t spans, WallTime last, WallTime until) {
  return {"a", "arize", LossWord::kExpired, "Age", spans, "too old", last, until};
}

RecentLosses after_a_restart(const RecentLosses& before) {
  Facts facts;
  facts.now = kStart;
  facts.recent_losses = before.facts();
  RecentLosses losses;
  losses.resume(make_status(facts, summarize_lanes(facts)));
  return losses;
}

TEST(RecentLosses, OutliveTheAgentThatToldOfThem) {
  const WallTime end = kStart + report::kLossWindow;
  RecentLosses losses;
  losses.note({losing(5, kStart, kStart)}, kStart);
  EXPECT_EQ(losses.look_again(), std::nullopt) << "its next report tells";
  const std::vector<std::vector<AgentReport>> afterwards = {
      {},  // its pod is replaced, or its node is gone
      {losing_nothing(kStart + seconds(20), kStart + seconds(15))}};
  for (const std::vector<AgentReport>& reports : afterwards) {
    losses.note(reports, kStart + seconds(20));
    EXPECT_THAT(losses.facts(), ElementsAre(lost(5, kStart, end)));
    EXPECT_EQ(losses.look_again(), end);
  }
  losses.note({}, end);
  EXPECT_THAT(losses.facts(), IsEmpty());
  EXPECT_EQ(losses.look_again(), std::nullopt);
}

TEST(RecentLosses, OfAnAgentThatDoesNotAnswerStayForTheWindowOnly) {
  AgentReport silent = losing(5, kStart, kStart);
  silent.unreachable = "no answer";
  RecentLosses losses;
  losses.note({losing(5, kStart, kStart)}, kStart);
  losses.note({silent}, kStart + seconds(30));
  EXPECT_THAT(losses.facts(), SizeIs(1));
  losses.note({silent}, kStart + report::kLossWindow);
  EXPECT_THAT(losses.facts(), IsEmpty());
}

TEST(RecentLosses, AreOverWhenTheAgentSaysSo) {
  RecentLosses losses;
  losses.note({losing(5, kStart, kStart)}, kStart);
  losses.note({losing_nothing(kStart + seconds(80))}, kStart + seconds(80));
  EXPECT_THAT(losses.facts(), IsEmpty());
}

// The reconciler reads the last report again and again, and may get it late.
TEST(RecentLosses, CountFromTheLossAndNotFromTheReading) {
  const WallTime agents_now = kStart + hours(7);  // its clock is wrong
  const AgentReport report = losing(5, agents_now, agents_now - seconds(10));
  RecentLosses losses;
  losses.note({report}, kStart);
  losses.note({report}, kStart + seconds(40));
  losses.note({}, kStart + seconds(50));
  EXPECT_EQ(losses.look_again(), kStart + report::kLossWindow - seconds(10));
}

TEST(RecentLosses, OfTwoAgentsOfANodeAddUpButNotWhatASuccessorRepeats) {
  AgentReport second = losing(3, kStart, kStart);
  second.pod = "agent-a2";
  RecentLosses losses;
  losses.note({losing(5, kStart, kStart), second}, kStart);
  EXPECT_THAT(losses.facts(), ElementsAre(lost(8, kStart, kStart + report::kLossWindow)));

  const WallTime later = kStart + seconds(20);
  RecentLosses repeated;
  repeated.note({losing(5, kStart, kStart)}, kStart);
  repeated.note({losing(7, later, later, kStart + seconds(10))}, later);
  EXPECT_THAT(repeated.facts(), ElementsAre(lost(7, later, later + report::kLossWindow)));
}

TEST(RecentLosses, AreKnownToTheNextOperator) {
  RecentLosses before;
  before.note({losing(5, kStart, kStart)}, kStart);
  RecentLosses losses = after_a_restart(before);
  EXPECT_EQ(losses.facts(), before.facts());
  losses.note({losing(5, kStart + seconds(15), kStart)}, kStart + seconds(15));
  EXPECT_THAT(losses.facts(), ElementsAre(lost(5, kStart, kStart + report::kLossWindow)))
      << "its agent still tells, and it counts once";
  losses = after_a_restart(losses);
  losses.note({}, kStart + seconds(30));
  EXPECT_THAT(losses.facts(), SizeIs(1));
  losses.note({}, kStart + report::kLossWindow);
  EXPECT_THAT(losses.facts(), IsEmpty());
}

TEST(RecentLosses, EndEvenIfTheClockIsSetBack) {
  RecentLosses losses;
  losses.note({losing(5, kStart, kStart)}, kStart);
  losses.note({}, kStart - hours(1));
  EXPECT_EQ(losses.look_again(), kStart - hours(1) + report::kLossWindow);
}

TEST(RecentLosses, InTheStatusAreTwentyAtMost) {
  Facts facts;
  for (int i = 0; i < 30; ++i) {
    facts.recent_losses.push_back(lost(1, kStart, kStart + seconds(i)));
  }
  const Json status = make_status(facts, summarize_lanes(facts));
  EXPECT_THAT(status.at("recentLosses"), SizeIs(20));
  EXPECT_EQ(status.at("recentLosses")[0].at("until"), "2025-11-24T16:00:29Z") << "the newest";
}

}  // namespace
}  // namespace dualtrace::ctl
