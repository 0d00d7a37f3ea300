// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/journal.h"

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

using JournalTest = JournalFixture;

TEST_F(JournalTest, GivesEachLaneEveryRecordOnceAndInOrder) {
  open();
  append_ok("one", 1);
  append_ok("two", 2);
  for (JournalLane* lane : {&arize(), &databricks()}) {
    const JournalRecord one = read_record(*lane);
    EXPECT_EQ(one.payload, "one");
    EXPECT_EQ(one.sequence, 0u);
    EXPECT_EQ(one.spans, 1u);
    EXPECT_EQ(one.arrived, clock.wall());
    EXPECT_EQ(read_record(*lane).payload, "two");
    EXPECT_TRUE(at_end(*lane));
  }
}

TEST_F(JournalTest, WritesWhatWaitsAsOneGroupWithOneSync) {
  open();
  append_ok("first, which begins the segment", 1);
  std::vector<Status> answers;
  for (int i = 0; i < 10; ++i) {
    journal->append("x", 1, [&](Status status) { answers.push_back(status); });
  }
  EXPECT_EQ(scheduler->posted.size(), 1u);
  files.fail_sync_in = 2;  // fails if the group syncs twice
  scheduler->run_ready();
  ASSERT_EQ(answers.size(), 10u);
  for (const Status& answer : answers) EXPECT_TRUE(answer);
  EXPECT_EQ(files.fail_sync_in, 1);
  files.fail_sync_in = 0;
}

TEST_F(JournalTest, FillsANewFileAheadOfSmallGroups) {
  constexpr uint64_t kStep = 256 * 1024;
  options.segment_bytes = 1024 * 1024;
  open();
  append_ok("begins the segment", 1);
  const auto written_beside = [this](size_t payload_bytes) {
    const uint64_t before = files.bytes_written();
    append_ok(std::string(payload_bytes, 'x'), 1);
    return files.bytes_written() - before - payload_bytes - kRecordHeaderBytes;
  };
  for (int i = 0; i < 26; ++i) EXPECT_EQ(written_beside(10'000), 0u) << i;
  EXPECT_EQ(written_beside(10'000), kStep);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(written_beside(100'000), 0u) << "a large group";
  EXPECT_LT(written_beside(10'000), kStep) << "the rest of the segment";
  crash();
  open();
  EXPECT_EQ(journal->totals().records, 35u);
}

TEST_F(JournalTest, FillsNoFileThatItUsesAgainOrWillNotUseAgain) {
  options.segment_bytes = 1024 * 1024;
  open();
  const auto written_for_small_group = [this] {
    const uint64_t before = files.bytes_written();
    append_ok("small", 1);
    return files.bytes_written() - before;
  };
  const auto append_large_groups = [this](bool keeps_up) {
    for (int i = 0; i < 25; ++i) {  // ten fill a segment
      append_ok(std::string(100'000, 'x'), 1);
      if (!keeps_up) continue;
      drain(arize());
      drain(databricks());
    }
  };
  append_large_groups(true);
  EXPECT_EQ(names("segment-").size(), 2u);
  EXPECT_LT(written_for_small_group(), 1000u);
  append_large_groups(false);  // a growing backlog
  EXPECT_EQ(names("segment-").size(), 3u);
  EXPECT_LT(written_for_small_group(), 1000u);
}

TEST_F(JournalTest, LetsRequestsWaitForEachOther) {
  options.commit_delay = std::chrono::milliseconds(5);
  open();
  size_t stored = 0;
  for (int i = 0; i < 400; ++i) {
    journal->append("x", 1, [&](const Status& status) { stored += status ? 1 : 0; });
    scheduler->run_ready();
    clock.advance(std::chrono::milliseconds(1));
    scheduler->run_ready();
  }
  clock.advance(options.commit_delay);
  scheduler->run_ready();
  EXPECT_EQ(stored, 400u);
  EXPECT_LT(journal->health().commits, 150u);
  for (int i = 0; i < 400; ++i) EXPECT_EQ(read_record(arize()).payload, "x");
}

TEST_F(JournalTest, CommitsWhatComesAfterAGroupThatWasCommittedEarly) {
  options.commit_delay = std::chrono::milliseconds(5);
  open();
  size_t stored = 0;
  const auto append_some = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      journal->append("x", 1, [&](const Status& status) { stored += status ? 1 : 0; });
    }
    scheduler->run_ready();
  };
  for (int i = 0; i < 100; ++i) {
    append_some(1);
    clock.advance(std::chrono::milliseconds(1));
    scheduler->run_ready();
  }
  append_some(40);
  append_some(1);
  clock.advance(options.commit_delay);
  scheduler->run_ready();
  EXPECT_EQ(stored, 141u);
}

TEST_F(JournalTest, CountsWhatItAcceptedEver) {
  open();
  append_ok("abc", 3);
  append_ok("de", 2);
  EXPECT_EQ(journal->totals().records, 2u);
  EXPECT_EQ(journal->totals().spans, 5u);
  EXPECT_EQ(journal->totals().bytes, 5u);
  open();
  EXPECT_EQ(journal->totals().records, 2u);
  EXPECT_EQ(journal->totals().spans, 5u);
  append_ok("f", 1);
  drain(arize());
  drain(databricks());
  open();
  EXPECT_EQ(journal->totals().spans, 6u);
  EXPECT_EQ(journal->totals().bytes, 6u);
}

TEST_F(JournalTest, KeepsWhatWasAnsweredOkThroughPowerLoss) {
  open();
  for (uint32_t i = 0; i < 20; ++i) append_ok(std::string(600, static_cast<char>('a' + i)), i);
  crash();
  open();
  for (uint32_t i = 0; i < 20; ++i) {
    const JournalRecord record = read_record(arize());
    EXPECT_EQ(record.sequence, i);
    EXPECT_EQ(record.spans, i);
    EXPECT_EQ(record.payload, std::string(600, static_cast<char>('a' + i)));
  }
  EXPECT_TRUE(at_end(arize()));
}

TEST_F(JournalTest, InMemoryModeSurvivesTheProcessAndIsSyncedWithinASecond) {
  options.durability = Durability::kMemory;
  open();
  append_ok("one", 1);
  kill();  // the process, not the node
  open();
  EXPECT_EQ(read_record(arize()).payload, "one");
  append_ok("two", 1);
  scheduler->run_for(std::chrono::milliseconds(1100));
  append_ok("three", 1);
  files.crash();  // before the journal can close cleanly
  open();
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "two");
  EXPECT_TRUE(at_end(arize()));
}

TEST_F(JournalTest, WhatItFoundAtItsStartIsDurableBeforeALaneReadsIt) {
  options.durability = Durability::kMemory;
  open();
  append_ok("one", 1);
  const std::unique_ptr<Journal> dead = std::move(journal);  // a killed process syncs nothing
  open();
  drain(arize());
  files.crash();
  open();
  EXPECT_EQ(read_record(databricks()).payload, "one");
}

TEST_F(JournalTest, RefusesARecordThatFitsNoSegment) {
  open();
  const uint64_t bytes_max = 8192 - 4096 - 40;
  EXPECT_TRUE(append(std::string(bytes_max, 'x'), 1));
  EXPECT_EQ(append(std::string(bytes_max + 1, 'x'), 1).error().kind, ErrorKind::kExhausted);
}

TEST_F(JournalTest, RefusesWhatItsQueueHasNoRoomFor) {
  options.queue_bytes_max = 10;
  open();
  std::vector<Status> answers;
  const auto done = [&](Status status) { answers.push_back(status); };
  journal->append("12345678", 1, done);
  journal->append("123", 1, done);
  EXPECT_TRUE(answers.empty());  // never from within the call
  scheduler->run_ready();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_NE(answers[0].has_value(), answers[1].has_value());
  EXPECT_EQ(journal->totals().records, 1u);
  EXPECT_TRUE(append("123", 1));
}

TEST_F(JournalTest, RecyclesASegmentOnlyWhenBothDurableCursorsHavePassedIt) {
  open();
  for (int i = 0; i < 4; ++i) append_large(1);
  EXPECT_EQ(journal->health().segments, 4u);
  drain(arize());
  EXPECT_EQ(journal->health().segments, 4u);
  for (int i = 0; i < 4; ++i) deliver(databricks(), read_record(databricks()));
  scheduler->run_ready();
  EXPECT_EQ(journal->health().segments, 4u);  // settled, but not durably
  ASSERT_TRUE(databricks().sync());
  scheduler->run_ready();
  EXPECT_EQ(journal->health().segments, 1u);  // still open for writing
  EXPECT_EQ(names("segment-").size(), 3u);    // plus two spares; the rest is freed
  EXPECT_EQ(journal->health().disk_bytes, 3 * 8192u);
}

TEST_F(JournalTest, NeverTakesRecordsOfARecycledFileForNewOnes) {
  open();
  for (int i = 0; i < 3; ++i) append_large(1);
  drain(arize());
  drain(databricks());
  append_ok(std::string(3000, 'y'), 1);  // in a recycled file
  append_ok("small, before the rest of an older record", 1);
  crash();
  open();
  EXPECT_EQ(journal->totals().records, 5u);
  EXPECT_EQ(read_record(arize()).payload, std::string(3000, 'y'));
  EXPECT_EQ(read_record(arize()).spans, 1u);
  EXPECT_TRUE(at_end(arize()));
}

TEST_F(JournalTest, TellsTheLanesWhenItHasPublished) {
  open();
  int calls = 0;
  arize().on_published([&] {
    ++calls;
    EXPECT_EQ(journal->totals().records, 1u);
  });
  append_ok("x", 1);
  EXPECT_EQ(calls, 1);
  arize().on_published(nullptr);
  append_ok("x", 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(JournalTest, StartsInATimeIndependentOfTheBacklog) {
  open();
  for (int i = 0; i < 10; ++i) append_large(1);
  uint64_t before = files.bytes_read();
  open();
  const uint64_t small = files.bytes_read() - before;
  for (int i = 0; i < 10; ++i) append_large(1);
  before = files.bytes_read();
  open();
  EXPECT_LE(files.bytes_read() - before, small + 10 * kSegmentHeaderBytes);
}

TEST_F(JournalTest, ANewLaneStartsAtTheEnd) {
  options.lanes = {"arize"};
  open();
  append_ok("old", 7);
  options.lanes = {"arize", "databricks"};
  open();
  EXPECT_TRUE(at_end(databricks()));
  EXPECT_TRUE(databricks().caught_up());
  EXPECT_EQ(databricks().books().accepted, 0u);
  append_ok("new", 2);
  EXPECT_EQ(read_record(databricks()).payload, "new");
  EXPECT_EQ(databricks().books().accepted, 2u);
  EXPECT_EQ(arize().books().accepted, 9u);
}

TEST_F(JournalTest, ALaneThatIsNotConfiguredAnyMoreHoldsNothingBack) {
  open();
  for (int i = 0; i < 3; ++i) append_large(1);
  options.lanes = {"arize"};
  open();
  EXPECT_FALSE(files.exists(path("cursor-databricks")));
  drain(arize());
  EXPECT_EQ(journal->health().segments, 0u);
  EXPECT_EQ(names("segment-").size(), 2u);  // spares
}

TEST_F(JournalTest, GivesBackEveryFileWhenNothingWaits) {
  open();
  for (uint32_t i = 1; i <= 4; ++i) append_large(i);
  drain(arize());
  drain(databricks());
  EXPECT_EQ(names("segment-").size(), 3u);
  bool done = false;
  journal->give_back([&done] { done = true; });
  scheduler->run_ready();
  EXPECT_TRUE(done);
  EXPECT_TRUE(names("segment-").empty());
  kill();
  open();
  EXPECT_EQ(journal->totals().spans, 10u);
  EXPECT_EQ(arize().books().settled.delivered, 10u);
  EXPECT_TRUE(at_end(arize()));
  append_ok("goes on", 1);
  EXPECT_EQ(read_record(arize()).sequence, 4u);
  EXPECT_EQ(read_record(databricks()).payload, "goes on");
}

TEST_F(JournalTest, GivesBackNothingWhileSomethingWaits) {
  open();
  append_large(1);
  append_large(2);
  drain(arize());
  journal->give_back([] {});
  scheduler->run_ready();
  EXPECT_EQ(names("segment-").size(), 2u);
  kill();
  open();
  EXPECT_EQ(read_record(databricks()).spans, 1u);
}

}  // namespace
}  // namespace dualtrace::agent
