// SPDX-License-Identifier: Apache-2.0
// One lane stops and another takes over, as in a reload that changes a lane's configuration.

#include <gmock/gmock.h>

#include "agent/lane/lane.h"
#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

class TakeoverTest : public LaneFixture {
 protected:
  FakeJournalLane& source() { return journal.lanes["arize"]; }
  void halt() {
    lane->halt([this] { ++idle; });
    scheduler.run_ready();
  }
  // The old lane's scheduler stops, and with it all the work that the lane had scheduled.
  void take_over() {
    options.legacy = lane->legacy();
    old_lane = std::move(lane);
    scheduler.stop();
    source().notify = {};
    next.emplace(clock);
    successor.emplace(*next);
    lane = std::make_unique<Lane>(options, *successor, dead_letters, *next, Random(8), metrics);
    lane->add_journal(journal, {});
    next->run_ready();
  }

  // It pins a segment on disk, and the journal has not stored the copy yet.
  void carry_over_one_span() {
    answer_poison_with(server_error());
    source().carries_wait = true;
    start();
    hold_one_span_back();
    pin_first_record();
    scheduler.run_for(seconds(2));
    ASSERT_EQ(source().carrying.size(), 1u);
  }

  int idle = 0;
  std::optional<FakeScheduler> next;
  std::optional<FakeExporter> successor;
  std::unique_ptr<Lane> old_lane;
};

TEST_F(TakeoverTest, AHaltedLaneIsIdleAtOnceWhenNothingIsInFlight) {
  start();
  append(otlp_request({"a"}), 1);  // lingers
  halt();
  EXPECT_EQ(idle, 1);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(exporter.sent.size(), 0u);
}

TEST_F(TakeoverTest, AHaltedLaneWaitsForWhatItCarriesOver) {
  carry_over_one_span();
  halt();
  EXPECT_EQ(idle, 0);
  source().finish_carrying();
  scheduler.run_ready();
  EXPECT_EQ(idle, 1);
}

// As a process that crashes and is started again: the cursor says that the span is settled, so it
// is not read again, and only the note tells that it was lost.
TEST_F(TakeoverTest, TheNextProcessTellsWhatThisOneLostBeforeAnybodyAsked) {
  start();
  append_batch(2);
  scheduler.run_ready();
  answer(0, {.kind = OutcomeKind::kPartly, .rejected = 1, .reason = "Rejected"});
  scheduler.run_for(seconds(1));
  ASSERT_EQ(source().settled_at_sync, 1U);
  ASSERT_NE(source().noted_at_sync, "");

  const std::string note = source().noted_at_sync;
  lane.reset();
  journal.lanes.clear();
  source().note_before = note;
  start();
  const std::vector<report::Loss> told = lane->status().losses;
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].lately, 1U);
  scheduler.run_for(seconds(1));
  EXPECT_EQ(source().noted_at_sync, note) << "for the process after the next";
}

// The note of an adopted journal goes with its folder.
TEST_F(TakeoverTest, TheLossesOfAnAdoptedJournalAreNotedInTheOwnOne) {
  start();
  Losses before;
  before.add(report::LossWord::kExpired, "Age", 3, "", clock.tick(), clock.wall());
  FakeSourceJournal adopted{clock};
  adopted.lane("arize").note_before = before.note(clock.tick());
  std::string noted_when_drained;
  lane->add_journal(adopted, [&] { noted_when_drained = source().noted_at_sync; });
  scheduler.run_for(seconds(2));
  EXPECT_EQ(lane->status().losses.size(), 1U);
  EXPECT_THAT(noted_when_drained, testing::HasSubstr("expired"));
}

TEST_F(TakeoverTest, ALaneThatTakesOverDoesNotCountALossTwice) {
  source().note_before = [&] {
    Losses before;
    before.add(report::LossWord::kExpired, "Age", 3, "", clock.tick(), clock.wall());
    return before.note(clock.tick());
  }();
  start();
  halt();
  take_over();
  ASSERT_EQ(lane->status().losses.size(), 1U);
  EXPECT_EQ(lane->status().losses[0].lately, 3U);
}

TEST_F(TakeoverTest, NothingReachesALaneThatIsGone) {
  carry_over_one_span();
  lane->halt([] {});
  scheduler.stop();
  const std::function<void()> published = source().notify;
  lane.reset();
  published();
  source().finish_carrying();  // ASan reports a use after free
}

TEST_F(TakeoverTest, AHaltedLaneWaitsForItsAnswersAndSyncsWhatTheySettle) {
  options.requests_in_flight_max = 2;
  start();
  for (int i = 0; i < 4; ++i) append_batch();
  scheduler.run_ready();
  halt();
  EXPECT_EQ(idle, 0);
  answer(1, {});
  EXPECT_EQ(idle, 0);
  answer(0, retry());
  EXPECT_EQ(idle, 1);
  EXPECT_EQ(exporter.sent.size(), 2u) << "nothing is sent after the halt";
  EXPECT_EQ(source().settled_at_sync, 1u);
  scheduler.run_for(seconds(60));
  EXPECT_EQ(exporter.sent.size(), 2u);
  EXPECT_EQ(idle, 1);
}

TEST_F(TakeoverTest, TheNextLaneSendsWhatHasNoWordYetAndNothingElse) {
  options.requests_in_flight_max = 2;
  start();
  for (const char* name : {"a", "b", "c"}) {
    append(otlp_request({std::string(name) + std::string(options.batch_bytes_target, 'x')}), 1);
  }
  scheduler.run_ready();
  halt();
  answer(1, {});  // "b"; "a" is never answered
  take_over();
  ASSERT_EQ(successor->sent.size(), 2u);
  EXPECT_EQ(successor->body(0), exporter.body(0));
  EXPECT_NE(successor->body(1), exporter.body(1));
  successor->answer(0, {});
  successor->answer(1, {});
  next->run_ready();
  EXPECT_EQ(books().settled.delivered, 3u);
  EXPECT_EQ(books().accepted, 3u);
  EXPECT_TRUE(source().caught_up());
}

TEST_F(TakeoverTest, TheNextLaneHearsOfWhatIsAppendedLater) {
  start();
  halt();
  take_over();
  append_batch();
  next->run_ready();
  EXPECT_EQ(successor->sent.size(), 1u);
}

TEST_F(TakeoverTest, AnAnswerThatComesTooLateIsNobodysBusiness) {
  start();
  append_batch();
  scheduler.run_ready();
  halt();
  take_over();
  exporter.answer(0, {});
  EXPECT_EQ(books().settled.delivered, 0u);
  EXPECT_EQ(successor->sent.size(), 1u);
}

TEST_F(TakeoverTest, WhatPeopleSawOfTheOldLaneStays) {
  FakeSourceJournal adopted(clock);
  adopted.lane("arize");
  adopted.append(otlp_request({"a"}), 1, {});
  start();
  lane->add_journal(adopted, [] {});
  append_batch();
  scheduler.run_for(kLinger);
  answer(0, {});
  answer(1, {});
  scheduler.run_for(seconds(2));  // the adopted journal is released
  append_batch();
  scheduler.run_ready();
  answer(2, pause());
  const LaneStatus before = lane->status();
  ASSERT_EQ(before.books.settled.delivered, 2u);
  halt();
  take_over();
  const LaneStatus after = lane->status();
  EXPECT_EQ(after.books.accepted, before.books.accepted);
  EXPECT_EQ(after.books.settled, before.books.settled);
  EXPECT_EQ(after.last_success, before.last_success);
  EXPECT_EQ(after.last_error->message, before.last_error->message);
  EXPECT_EQ(after.state, LaneState::kDelivering) << "the pause was the old configuration's";
}

TEST_F(TakeoverTest, AClockThatJumpedBeforeItMakesNothingTooOld) {
  options.age_max = std::chrono::hours(1);
  exporter.behaviour = [](const ExportRequest&) { return pause(); };
  start();
  append_batch();
  scheduler.run_for(seconds(5));
  clock.wall_start += std::chrono::hours(24);
  scheduler.run_for(seconds(5));
  halt();
  take_over();
  successor->behaviour = [](const ExportRequest&) { return pause(); };
  next->run_for(std::chrono::minutes(30));
  EXPECT_EQ(books().settled.expired, 0u);
}

}  // namespace
}  // namespace dualtrace::agent
