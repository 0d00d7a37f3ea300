// SPDX-License-Identifier: Apache-2.0
// Data that waits for a long time uses no memory, blocks no reads and pins no whole segments.

#include "agent/lane/lane.h"
#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LaneStorageTest : public LaneFixture {
 protected:
  FakeJournalLane& source() { return journal.lanes["arize"]; }
  [[nodiscard]] size_t bytes_max() const {
    return options.requests_in_flight_max * options.batch_bytes_max;
  }
};

TEST_F(LaneStorageTest, HoldsNobodyUpHoweverMuchIsRefusedWithoutAVerdict) {
  uint64_t good = 0;
  exporter.behaviour = [&](const ExportRequest& request) {
    if (poisoned(request)) return server_error();
    good += request.spans;
    return Outcome{};
  };
  start();
  for (int i = 0; i < 400; ++i) {
    append_batch(1, 0);
    append_batch(5, 2);
    for (int good_ones = 0; good_ones < 4; ++good_ones) append_batch();
    scheduler.run_for(milliseconds(500));
    ASSERT_LE(lane->status().bytes_held, 2 * bytes_max() + 3 * options.batch_bytes_max);
  }
  scheduler.run_for(minutes(60));
  EXPECT_EQ(good, 400u * 4 + 400 * 4);
  EXPECT_EQ(books().settled.dead_lettered, 0u);
  EXPECT_GT(source().reads_again, 0u);
  EXPECT_GT(source().last_carried, 1'000'000u);

  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  scheduler.run_for(minutes(60));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 400 * 10}));
  EXPECT_EQ(state(), LaneState::kIdle);
}

TEST_F(LaneStorageTest, CarriesOverWhatKeepsASegmentOnTheDisk) {
  answer_poison_with(server_error());
  start();
  hold_one_span_back();
  pin_first_record();
  scheduler.run_for(seconds(2));
  EXPECT_EQ(source().settled.at(1), (SpanCounts{.delivered = 3}));
  source().pinning.reset();
  EXPECT_EQ(books().backlog_spans, 1u);
  answer_poison_with({});
  scheduler.run_for(minutes(20));
  EXPECT_EQ(books().settled.delivered, 104u);
}

TEST_F(LaneStorageTest, WhatWasCarriedOverExpiresByItsOwnAge) {
  options.age_max = std::chrono::hours(1);
  answer_poison_with(server_error());
  start();
  hold_one_span_back();
  pin_first_record();
  scheduler.run_for(seconds(2));
  source().pinning.reset();
  for (int i = 0; i < 70; ++i) {
    append_batch();
    scheduler.run_for(minutes(1));
  }
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 173, .expired = 1}));
}

TEST_F(LaneStorageTest, GoesOnWithWhatCouldNotBeCarriedOver) {
  answer_poison_with(server_error());
  source().carry_error = Error{ErrorKind::kUnavailable, "the disk is full"};
  start();
  hold_one_span_back();
  pin_first_record();
  scheduler.run_for(seconds(5));
  EXPECT_FALSE(source().settled.contains(1));
  answer_poison_with({});
  scheduler.run_for(minutes(20));
  EXPECT_EQ(books().settled.delivered, 104u);
}

TEST_F(LaneStorageTest, WaitsForAJournalThatCannotBeReadAgain) {
  exporter.behaviour = [](const ExportRequest& request) {
    return poisoned(request) ? server_error() : Outcome{};
  };
  start();
  for (int i = 0; i < 100; ++i) {
    append_batch(1, 0);
    append_batch();
    scheduler.run_for(seconds(1));
  }
  source().read_error = Error{ErrorKind::kUnavailable, "I/O error"};
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  scheduler.run_for(minutes(30));
  EXPECT_GT(books().backlog_spans, 0u);
  EXPECT_EQ(books().settled.dead_lettered, 0u);
  source().read_error.reset();
  scheduler.run_for(minutes(30));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 200}));
}

}  // namespace
}  // namespace dualtrace::agent
