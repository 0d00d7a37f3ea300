// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/lane.h"

#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using LaneTest = LaneFixture;

TEST_F(LaneTest, MergesSmallRecordsUntilTheyHaveLingered) {
  start();
  append(otlp_request({"a"}), 1);
  append(otlp_request({"b", "c"}), 2);
  scheduler.run_for(kLinger - milliseconds(1));
  EXPECT_EQ(exporter.sent.size(), 0u);
  scheduler.run_for(milliseconds(1));
  ASSERT_EQ(exporter.sent.size(), 1u);
  EXPECT_EQ(exporter.body(0), otlp_request({"a"}) + otlp_request({"b", "c"}));
  EXPECT_EQ(exporter.sent[0].request.spans, 3u);
  EXPECT_EQ(state(), LaneState::kDelivering);

  answer(0, {});
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 3}));
  EXPECT_EQ(journal.lanes["arize"].settled.size(), 2u);
  EXPECT_EQ(state(), LaneState::kIdle);
  EXPECT_EQ(lane->status().last_success, clock.wall());
}

TEST_F(LaneTest, SendsAFullBatchAtOnceAndOthersBesideIt) {
  start();
  for (int i = 0; i < 6; ++i) append_batch();
  scheduler.run_ready();
  EXPECT_EQ(exporter.sent.size(), options.requests_in_flight_max);
  EXPECT_EQ(lane->status().requests_in_flight, options.requests_in_flight_max);
  answer(2, {});
  EXPECT_EQ(exporter.sent.size(), options.requests_in_flight_max + 1);
}

TEST_F(LaneTest, SettlesAnswersInWhateverOrderTheyCome) {
  start();
  for (int i = 0; i < 4; ++i) append_batch();
  scheduler.run_ready();
  for (const size_t index : {3u, 0u, 2u, 1u}) answer(index, {});
  EXPECT_EQ(books().settled.delivered, 4u);
  EXPECT_TRUE(journal.lanes["arize"].caught_up());
}

TEST_F(LaneTest, ReadsAheadNoFurtherThanItsMemoryAllows) {
  start();
  for (int i = 0; i < 100; ++i) append_batch();
  scheduler.run_ready();
  const size_t bytes_max = options.requests_in_flight_max * options.batch_bytes_max;
  EXPECT_LE(journal.lanes["arize"].reads, bytes_max / options.batch_bytes_target + 2);
}

TEST_F(LaneTest, CountsWhatIsRejectedAndDoesNotSendItAgain) {
  start();
  append_batch(10);
  scheduler.run_ready();
  answer(
      0,
      {.kind = OutcomeKind::kPartly, .rejected = 3, .reason = "SpansRejected", .message = "old"});
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 7, .rejected = 3}));
  EXPECT_EQ(lane->status().last_error->message, "old");
  scheduler.run_for(minutes(5));
  EXPECT_EQ(exporter.sent.size(), 1u);
}

TEST_F(LaneTest, ProbesWithOneRequestOfTheSameBytesAfterAFailure) {
  start();
  for (int i = 0; i < 6; ++i) append_batch();
  scheduler.run_ready();
  for (size_t i = 0; i < 4; ++i) answer(i, retry());
  EXPECT_EQ(state(), LaneState::kRetrying);
  EXPECT_EQ(exporter.sent.size(), 4u);
  scheduler.run_for(options.backoff.base);
  ASSERT_EQ(exporter.sent.size(), 5u);
  EXPECT_EQ(exporter.body(4), exporter.body(0));
  scheduler.run_for(minutes(1));
  EXPECT_EQ(exporter.sent.size(), 5u) << "one probe at a time";
  answer(4, {});
  EXPECT_EQ(exporter.sent.size(), 9u) << "the gate is open again";
  EXPECT_EQ(exporter.body(5), exporter.body(1));
  EXPECT_EQ(state(), LaneState::kDelivering);
}

TEST_F(LaneTest, WaitsForAsLongAsTheServerSays) {
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, retry(minutes(10)));
  scheduler.run_for(minutes(10) - milliseconds(1));
  EXPECT_EQ(exporter.sent.size(), 1u);
  scheduler.run_for(milliseconds(1));
  EXPECT_EQ(exporter.sent.size(), 2u);
  answer(1, retry(hours(48)));
  scheduler.run_for(hours(1));
  EXPECT_EQ(exporter.sent.size(), 3u) << "a retry delay is capped at an hour";
}

TEST_F(LaneTest, ALateFailureDoesNotCloseTheGateThatAProbeOpened) {
  start();
  for (int i = 0; i < 2; ++i) append_batch();
  scheduler.run_ready();
  answer(0, retry());
  scheduler.run_for(options.backoff.base);
  answer(2, {});
  answer(1, retry());
  append_batch();
  scheduler.run_ready();
  EXPECT_EQ(state(), LaneState::kDelivering);
  EXPECT_EQ(exporter.sent.size(), 4u) << "another one is sent immediately";
}

TEST_F(LaneTest, PausesOnRefusedCredentialsAndKeepsEverything) {
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, pause());
  EXPECT_EQ(state(), LaneState::kPaused);
  EXPECT_EQ(lane->status().last_error->reason, "AuthRejected");
  size_t probes = 0;
  for (int i = 0; i < 60; ++i) {
    scheduler.run_for(minutes(1));
    for (; probes + 1 < exporter.sent.size(); ++probes) answer(probes + 1, pause());
  }
  EXPECT_GE(probes, 60u);
  EXPECT_LE(probes, 240u);
  EXPECT_EQ(books().backlog_spans, 1u);
  scheduler.run_for(minutes(1));
  answer(exporter.sent.size() - 1, {});
  EXPECT_EQ(state(), LaneState::kIdle);
  EXPECT_EQ(books().settled.delivered, 1u);
}

TEST_F(LaneTest, ProbesAtOnceWhenNudged) {
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, pause());
  lane->nudge();
  scheduler.run_ready();
  ASSERT_EQ(exporter.sent.size(), 2u);
  lane->nudge();  // the probe in flight has the old credential
  scheduler.run_ready();
  answer(1, pause());
  EXPECT_EQ(exporter.sent.size(), 3u);
}

TEST_F(LaneTest, HalvesWhatIsTooLargeAndLearnsTheSize) {
  constexpr size_t kServerMax = 70'000;
  exporter.behaviour = [&](const ExportRequest& request) {
    return request.body->size() > kServerMax ? split() : Outcome{};
  };
  start();
  for (int i = 0; i < 20; ++i) append_batch(100);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 2000}));
  exporter.sent.clear();
  for (int i = 0; i < 5; ++i) append_batch(100);
  scheduler.run_for(seconds(5));
  for (const auto& sent : exporter.sent) EXPECT_LE(sent.request.body->size(), kServerMax);
}

TEST_F(LaneTest, DeadLettersASpanThatIsTooLargeByItself) {
  exporter.behaviour = [&](const ExportRequest& request) {
    return request.body->size() > 100'000 ? split() : Outcome{};
  };
  start();
  append(otlp_request({"small", std::string(200'000, 'x'), "small too"}), 3);
  scheduler.run_for(seconds(5));
  append(otlp_request({"another"}), 1);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 3, .dead_lettered = 1}));
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_EQ(letters()[0]["reason"], "TooLarge");
}

TEST_F(LaneTest, FindsTheRefusedSpanInFewRequestsAndDeliversTheRest) {
  answer_poison_with(refuse());
  start();
  append_batch(1024, 700);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 1023, .dead_lettered = 1}));
  EXPECT_LE(exporter.sent.size(), 1u + 2 * 10 + 1) << "two for each halving of 1024";
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_EQ(span_names(request_of(letters()[0]))[0].substr(0, 6), "poison");
}

TEST_F(LaneTest, KeepsASpanWhoseDeadLetterCannotBeWritten) {
  answer_poison_with(refuse());
  files.bytes_max = 0;
  start();
  append_batch(1, 0);
  const auto deliver_others = [this] {
    for (int i = 0; i < 60; ++i) {
      append_batch();
      scheduler.run_for(seconds(1));
    }
  };
  deliver_others();
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 60})) << "others pass";
  EXPECT_EQ(books().backlog_spans, 1u);
  files.bytes_max.reset();
  deliver_others();
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 120, .dead_lettered = 1}));
}

TEST_F(LaneTest, DeadLettersNothingWhileEverythingFails) {
  bool down = true;
  exporter.behaviour = [&](const ExportRequest&) { return down ? server_error() : Outcome{}; };
  start();
  for (int i = 0; i < 10; ++i) append_batch();
  scheduler.run_for(hours(10));
  EXPECT_EQ(books().settled.sum(), 0u);
  down = false;
  scheduler.run_for(minutes(1));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 10}));
}

TEST_F(LaneTest, ExpiresTheOldestAboveTheBacklogLimitEvenWhilePaused) {
  options.backlog_bytes_max = 50 * options.batch_bytes_target;
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, pause());
  exporter.behaviour = [](const ExportRequest&) { return pause(); };
  for (int i = 0; i < 99; ++i) append_batch();
  scheduler.run_for(seconds(2));
  EXPECT_LE(books().backlog_bytes, options.backlog_bytes_max);
  EXPECT_GE(books().settled.expired, 50u);
  EXPECT_LE(books().settled.expired, 51u);
  EXPECT_TRUE(journal.lanes["arize"].settled.contains(1));
  EXPECT_FALSE(journal.lanes["arize"].settled.contains(100));
  EXPECT_NE(metrics.text().find("reason=\"Backlog\""), std::string::npos);
}

TEST_F(LaneTest, ExpiresWhatIsTooOldRecordByRecord) {
  options.age_max = hours(1);
  options.linger = minutes(10);
  options.pause_probe_interval = hours(100);
  start();
  append(otlp_request({"old"}), 1);
  scheduler.run_for(minutes(5));
  append(otlp_request({"young"}), 1);
  scheduler.run_for(minutes(5));
  ASSERT_EQ(exporter.sent.size(), 1u) << "both are in one batch";
  answer(0, pause());
  scheduler.run_for(minutes(50));
  EXPECT_EQ(books().settled.expired, 0u);
  scheduler.run_for(seconds(1));
  EXPECT_EQ(books().settled, (SpanCounts{.expired = 1}));
  EXPECT_NE(metrics.text().find("reason=\"Age\""), std::string::npos);

  lane->nudge();
  scheduler.run_ready();
  ASSERT_EQ(exporter.sent.size(), 2u);
  EXPECT_EQ(exporter.body(1), otlp_request({"young"}));
  scheduler.run_for(minutes(30));
  EXPECT_EQ(books().settled.expired, 1u) << "requests in flight do not expire";
}

TEST_F(LaneTest, AClockThatJumpsForwardMakesNothingTooOld) {
  options.age_max = hours(1);
  options.pause_probe_interval = hours(100);
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, pause());
  clock.wall_start += hours(24 * 365);
  scheduler.run_for(minutes(30));
  EXPECT_EQ(books().settled.expired, 0u);
  scheduler.run_for(minutes(31));
  EXPECT_EQ(books().settled.expired, 1u) << "now it expires";
}

TEST_F(LaneTest, AClockThatJumpsBackKeepsSpansForLonger) {
  options.age_max = hours(1);
  options.pause_probe_interval = hours(100);
  start();
  append_batch();
  scheduler.run_ready();
  answer(0, pause());
  clock.wall_start -= minutes(30);
  scheduler.run_for(minutes(80));
  EXPECT_EQ(books().settled.expired, 0u);
  scheduler.run_for(minutes(11));
  EXPECT_EQ(books().settled.expired, 1u);
}

TEST_F(LaneTest, SkipsAHugeBacklogWithoutHoldingIt) {
  options.backlog_bytes_max = 1024;
  for (int i = 0; i < 20'000; ++i) append(otlp_request({"x"}), 1);
  exporter.behaviour = [](const ExportRequest&) { return pause(); };
  start();
  scheduler.run_for(seconds(2));
  EXPECT_GE(books().settled.expired, 19'900u);
  EXPECT_LE(books().backlog_bytes, 1024u);
}

TEST_F(LaneTest, AnotherLaneIsNotConcerned) {
  FakeExporter healthy(scheduler);
  healthy.behaviour = [](const ExportRequest&) { return Outcome{}; };
  LaneOptions other_options = options;
  other_options.name = "databricks";
  options.backlog_bytes_max = 1;
  journal.lane("databricks");
  auto other =
      std::make_unique<Lane>(other_options, healthy, dead_letters, scheduler, Random(8), metrics);
  other->add_journal(journal, {});
  start();
  exporter.behaviour = [](const ExportRequest&) { return pause(); };
  for (int i = 0; i < 50; ++i) append_batch();
  scheduler.run_for(seconds(3));
  EXPECT_EQ(other->status().books.settled, (SpanCounts{.delivered = 50}));
  EXPECT_EQ(other->status().state, LaneState::kIdle);
  EXPECT_EQ(healthy.sent.size(), 50u) << "no duplicates";
  EXPECT_GE(books().settled.expired, 45u);
}

TEST_F(LaneTest, OpenBatchesOfManyJournalsDoNotBlockEachOther) {
  options.requests_in_flight_max = 1;
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  start();
  std::vector<std::unique_ptr<FakeSourceJournal>> adopted;
  for (int i = 0; i < 6; ++i) {
    FakeSourceJournal& each = *adopted.emplace_back(std::make_unique<FakeSourceJournal>(clock));
    each.lane("arize");
    // The remainder that is cut off the end stays open because there is more to read.
    each.append(otlp_request_of(14, 33'000), 14, {});
    each.append(otlp_request_of(14, 33'000), 14, {});
    lane->add_journal(each, [] {});
  }
  scheduler.run_for(minutes(1));
  EXPECT_EQ(books().backlog_spans, 0u);
}

TEST_F(LaneTest, DrainsWithoutLingeringAndSaysWhenNothingWaits) {
  start();
  append(otlp_request({"a"}), 1);
  scheduler.run_ready();
  bool drained = false;
  lane->drain([&] { drained = true; });
  scheduler.run_ready();
  ASSERT_EQ(exporter.sent.size(), 1u);
  EXPECT_FALSE(drained);
  answer(0, retry());
  EXPECT_FALSE(drained);
  scheduler.run_for(options.backoff.base);
  answer(1, {});
  EXPECT_TRUE(drained);
  EXPECT_EQ(journal.lanes["arize"].settled_at_sync, 1u);
  bool again = false;
  lane->drain([&] { again = true; });
  scheduler.run_ready();
  EXPECT_TRUE(again);
}

TEST_F(LaneTest, SyncsSoonAfterSomethingSettledAndOnceForAllOfIt) {
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  start();
  append_batch();
  scheduler.run_for(kLinger);
  EXPECT_EQ(books().settled.delivered, 1u);
  EXPECT_EQ(journal.lanes["arize"].syncs, 0u);
  scheduler.run_for(milliseconds(250));
  EXPECT_EQ(journal.lanes["arize"].syncs, 1u);
  for (int i = 0; i < 1000; ++i) {
    append_batch();
    scheduler.run_for(milliseconds(10));
  }
  EXPECT_GE(journal.lanes["arize"].syncs, 38u);
  EXPECT_LE(journal.lanes["arize"].syncs, 52u);  // plus ten from the lane's upkeep, once a second
  const uint64_t before = journal.lanes["arize"].syncs;
  scheduler.run_for(minutes(1));
  EXPECT_LE(journal.lanes["arize"].syncs, before + 8);  // an idle lane wakes up every ten seconds
  append_batch();
  scheduler.run_for(seconds(1));
  EXPECT_GT(journal.lanes["arize"].syncs, before + 1);
}

TEST_F(LaneTest, LetsADrainedJournalGoAndKeepsItsBooks) {
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  FakeSourceJournal adopted(clock);
  adopted.lane("arize");
  adopted.append(otlp_request({"a", "b"}), 2, {});
  start();
  int let_go = 0;
  lane->add_journal(adopted, [&] { ++let_go; });
  append(otlp_request({"c"}), 1);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(let_go, 1);
  EXPECT_EQ(adopted.lanes["arize"].settled_at_sync, 1u);
  EXPECT_EQ(books().accepted, 3u);
  EXPECT_EQ(books().settled.delivered, 3u);
}

TEST_F(LaneTest, ReadsFromItsJournalsInTurn) {
  FakeSourceJournal adopted(clock);
  adopted.lane("arize");
  for (int i = 0; i < 50; ++i) {
    append_batch();
    adopted.append(otlp_request_of(1, options.batch_bytes_target + 1), 1, {});
  }
  start();
  lane->add_journal(adopted, [] {});
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  for (size_t i = 0; i < 4; ++i) answer(i, {});
  scheduler.run_for(milliseconds(10));
  EXPECT_NEAR(static_cast<double>(adopted.lanes["arize"].reads),
              static_cast<double>(journal.lanes["arize"].reads), 20);
}

TEST_F(LaneTest, ShowsWhatWasStoredBeforeItReadIt) {
  start();
  append(otlp_request({"a"}), 1);
  EXPECT_EQ(books().backlog_spans, 1u) << "its scheduler has not run since";
  EXPECT_EQ(state(), LaneState::kDelivering);
}

TEST_F(LaneTest, ReadsAgainAfterTheJournalFailed) {
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  journal.lanes["arize"].read_error = Error{ErrorKind::kUnavailable, "I/O error"};
  start();
  append_batch();
  scheduler.run_for(seconds(10));
  EXPECT_EQ(exporter.sent.size(), 0u);
  EXPECT_LE(journal.lanes["arize"].reads, 30u) << "with a backoff";
  journal.lanes["arize"].read_error.reset();
  scheduler.run_for(minutes(1));
  EXPECT_EQ(books().settled.delivered, 1u);
}

TEST_F(LaneTest, TellsOfDamageAndGoesOn) {
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  journal.lanes["arize"].damage = JournalDamage{1, 5, 17};
  start();
  append_batch();
  scheduler.run_for(seconds(1));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 1, .dead_lettered = 17}));
  EXPECT_NE(metrics.text().find("reason=\"JournalDamage\",word=\"dead_lettered\"} 17"),
            std::string::npos);
}

TEST_F(LaneTest, AGiantSpanGoesAlone) {
  start();
  append(otlp_request({"a", std::string(500'000, 'x'), "b"}), 3);
  scheduler.run_for(kLinger);
  ASSERT_EQ(exporter.sent.size(), 3u);
  EXPECT_EQ(exporter.sent[1].request.spans, 1u);
  EXPECT_GT(exporter.body(1).size(), options.batch_bytes_max);
  answer(2, {});
  answer(1, {});
  EXPECT_EQ(journal.lanes["arize"].settled.size(), 0u) << "the record has a part in flight";
  answer(0, {});
  EXPECT_EQ(journal.lanes["arize"].settled.size(), 1u);
}

}  // namespace
}  // namespace dualtrace::agent
