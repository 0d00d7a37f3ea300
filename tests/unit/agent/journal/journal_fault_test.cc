// SPDX-License-Identifier: Apache-2.0
// A full or failing disk: new data is refused, old data is kept, and a healthy disk is used again.

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

class JournalFaultTest : public JournalFixture {
 protected:
  void expect_refused(const Status& status) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
    ASSERT_TRUE(status.error().retry_after.has_value());
    EXPECT_GE(*status.error().retry_after, std::chrono::seconds(1));
    EXPECT_LE(*status.error().retry_after, std::chrono::seconds(5));
  }
};

TEST_F(JournalFaultTest, AFullDiskRefusesAndLetsTheLanesDrain) {
  open();
  append_large(1);
  append_large(2);
  files.bytes_max = files.bytes_used() + 100;
  expect_refused(append(std::string(3000, 'x'), 4));
  EXPECT_TRUE(journal->health().refusing);
  EXPECT_EQ(names("segment-").size(), 2u);
  drain(arize());
  drain(databricks());  // its cursor needs no extra space; the first segment becomes a spare
  EXPECT_FALSE(journal->health().refusing);
  append_large(8);
  EXPECT_EQ(read_record(arize()).spans, 8u);
  EXPECT_EQ(journal->totals().spans, 11u);
}

TEST_F(JournalFaultTest, AFullJournalRefusesUntilASegmentIsRecycled) {
  options.segments_max = 2;
  open();
  append_large(1);
  append_large(2);
  expect_refused(append(std::string(3000, 'x'), 4));
  EXPECT_TRUE(journal->health().refusing);
  EXPECT_TRUE(append("still fits into the newest", 1).has_value() || journal->health().refusing);
  drain(arize());
  drain(databricks());
  append_large(8);
  EXPECT_LE(names("segment-").size(), 2u);
}

TEST_F(JournalFaultTest, AFullJournalTakesDataAgainWhenItMayGrow) {
  options.segments_max = 2;
  open();
  append_large(1);
  append_large(2);
  expect_refused(append(std::string(3000, 'x'), 4));
  journal->allow_segments(1);
  journal->allow_segments(3);
  journal->allow_segments(2);  // existing segments are kept
  scheduler->run_for(std::chrono::seconds(2));
  append_large(8);
  expect_refused(append(std::string(3000, 'x'), 4));
  EXPECT_EQ(names("segment-").size(), 3u);
}

TEST_F(JournalFaultTest, NoticesByItselfThatTheDiskHasRoomAgain) {
  open();
  files.bytes_max = files.bytes_used();
  expect_refused(append("x", 1));
  EXPECT_TRUE(journal->health().refusing);
  scheduler->run_for(std::chrono::seconds(6));
  EXPECT_TRUE(journal->health().refusing);
  files.bytes_max.reset();
  scheduler->run_for(std::chrono::seconds(6));
  EXPECT_FALSE(journal->health().refusing);
  append_ok("x", 1);
}

TEST_F(JournalFaultTest, AFailedWriteFailsItsGroupAndTheNextGoesOn) {
  open();
  append_ok("one", 1);
  files.fail_write_in = 1;
  expect_refused(append("two", 2));
  EXPECT_FALSE(journal->health().refusing);
  scheduler->run_for(std::chrono::seconds(2));
  append_ok("three", 3);
  EXPECT_EQ(journal->totals().spans, 4u);
  EXPECT_EQ(names("segment-").size(), 2u);  // the first one accepts no more records
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "three");
  EXPECT_TRUE(at_end(arize()));
  crash();
  open();
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "three");
  EXPECT_TRUE(at_end(arize()));
}

TEST_F(JournalFaultTest, AFailedSyncFailsItsGroupAndTheNextGoesOn) {
  open();
  append_ok("one", 1);
  files.fail_sync_in = 1;
  expect_refused(append("two", 2));
  scheduler->run_for(std::chrono::seconds(2));
  append_ok("three", 3);
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "three");
  crash();
  open();
  EXPECT_EQ(journal->totals().spans, 4u);
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "three");
  EXPECT_EQ(databricks().books().backlog_spans, 4u);
}

TEST_F(JournalFaultTest, AFailedWriteCostsNoneOfTheGroupsBeforeInMemoryMode) {
  options.durability = Durability::kMemory;
  open();
  append_ok("one", 1);
  files.fail_write_in = 1;
  expect_refused(append("two", 2));
  crash();
  open();
  EXPECT_EQ(read_record(arize()).payload, "one");
}

TEST_F(JournalFaultTest, WhatWasRefusedDoesNotComeBackWhenTheNextSegmentIsRecycled) {
  open();
  append_large(1);
  append_large(2);
  files.fail_sync_in = 1;
  journal->append("refused", 3, [](auto) {});
  expect_refused(append("refused as well", 3));  // both are in the second segment nevertheless
  scheduler->run_for(std::chrono::seconds(2));
  append_large(4);
  files.fail_write_in = 1;
  expect_refused(append("seals the third", 5));
  drain(arize());
  drain(databricks());
  ASSERT_EQ(names("segment-").size(), 2u);  // the first two are spares, the third is gone
  kill();
  open();
  EXPECT_EQ(journal->totals().records, 3u);
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(arize().books().settled.dead_lettered, 0u);
  append_ok("goes on", 1);
  EXPECT_EQ(read_record(arize()).sequence, 3u);
}

TEST_F(JournalFaultTest, AFileThatCannotBeRemovedCountsAndIsTriedAgain) {
  open();
  for (uint32_t i = 1; i <= 4; ++i) append_large(i);
  const std::string third = path(names("segment-")[2]);
  files.on_call = [&third](const DiskOperation& operation) -> DiskFault {
    const bool it = operation.call == DiskCall::kRemove && operation.path == third;
    return {.kind = it ? DiskFault::Kind::kFails : DiskFault::Kind::kNone};
  };
  drain(arize());
  drain(databricks());
  EXPECT_TRUE(files.exists(third));
  EXPECT_EQ(journal->health().disk_bytes, 4 * options.segment_bytes);
  files.on_call = {};
  append_large(5);
  EXPECT_FALSE(files.exists(third));
  EXPECT_EQ(journal->health().disk_bytes, 3 * options.segment_bytes);
}

TEST_F(JournalFaultTest, ADiskThatKeepsFailingIsNotFilledWithEmptySegments) {
  open();
  append_ok("one", 1);
  files.failing_on = true;
  files.fail_sync_in = 1;
  for (int i = 0; i < 20; ++i) {
    expect_refused(append("x", 1));
    scheduler->run_for(std::chrono::seconds(2));
  }
  EXPECT_LE(names("segment-").size(), 2u);
  files.fail_sync_in = 0;
  append_ok("two", 2);
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "two");
}

TEST_F(JournalFaultTest, OpenSaysWhyItCannot) {
  files.fail_write_in = 1;  // the first cursor
  options.folder = "/data/journal";
  scheduler.emplace(clock);
  const auto opened = Journal::open(options, files, *scheduler);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("cursor of arize"), std::string::npos);
  open();
  append_ok("x", 1);
}

}  // namespace
}  // namespace dualtrace::agent
