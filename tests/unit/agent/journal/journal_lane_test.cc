// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/journal_lane.h"

#include "agent/journal/cursor_file.h"
#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

using JournalLaneTest = JournalFixture;

TEST_F(JournalLaneTest, KeepsANoteForTheNextProcess) {
  open();
  EXPECT_EQ(arize().take_note(), "");
  arize().note("lost");
  arize().note("lost more");
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(databricks().take_note(), "");
  EXPECT_EQ(arize().take_note(), "lost more");
  EXPECT_EQ(arize().take_note(), "") << "another lane of this process has it";
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(arize().take_note(), "lost more") << "nothing else was noted";
}

TEST_F(JournalLaneTest, MovesItsCursorOnADiskThatTakesNoNote) {
  open();
  append_ok("a", 1);
  arize().settle(read_record(arize()).sequence, {.rejected = 1});
  arize().note("lost");
  files.fail_write_in = 1;
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(arize().books().settled.rejected, 1U);
  EXPECT_EQ(arize().take_note(), "");

  arize().note("lost");
  files.fail_write_in = 1;
  ASSERT_TRUE(arize().sync());
  ASSERT_TRUE(arize().sync()) << "the note is retried";
  crash();
  open();
  EXPECT_EQ(arize().take_note(), "lost");
}

TEST_F(JournalLaneTest, KeepsItsBooksInBalance) {
  open();
  append_ok("12345", 5);
  append_ok("1234567", 7);
  LaneBooks books = arize().books();
  EXPECT_EQ(books.accepted, 12u);
  EXPECT_EQ(books.backlog_spans, 12u);
  EXPECT_EQ(books.backlog_bytes, 2 * kRecordHeaderBytes + 12);
  const JournalRecord first = read_record(arize());
  arize().settle(first.sequence, {.delivered = 2, .rejected = 1, .expired = 1, .filtered = 1});
  books = arize().books();
  EXPECT_EQ(books.accepted, 12u);
  EXPECT_EQ(books.settled.delivered, 2u);
  EXPECT_EQ(books.settled.filtered, 1u);
  EXPECT_EQ(books.backlog_spans, 7u);
  EXPECT_EQ(books.backlog_bytes, kRecordHeaderBytes + 7);
  EXPECT_EQ(databricks().books().backlog_spans, 12u);
  EXPECT_FALSE(arize().caught_up());
}

// The measure of a lane's cost is the disk space that is kept for it.
TEST_F(JournalLaneTest, ItsBacklogIsWhatItKeepsOnTheDisk) {
  open();
  append_ok("one that waits", 1);
  const JournalRecord waits = read_record(arize());
  for (int i = 0; i < 3; ++i) append_large(1);
  drain(arize());
  drain(databricks());
  const uint64_t newest = kRecordHeaderBytes + 3000;
  EXPECT_EQ(arize().books().backlog_bytes, 2 * options.segment_bytes + newest);
  EXPECT_EQ(arize().backlog().bytes, 2 * options.segment_bytes + newest);
  EXPECT_EQ(arize().backlog().oldest, waits.sequence);
  EXPECT_EQ(databricks().books().backlog_bytes, 0u);
  kill();
  open();
  EXPECT_EQ(arize().books().backlog_bytes, 3 * options.segment_bytes);  // all are sealed now
  EXPECT_EQ(databricks().books().backlog_bytes, 0u);
  drain(arize());
  EXPECT_EQ(arize().books().backlog_bytes, 0u);
}

TEST_F(JournalLaneTest, TheBacklogOfTinyRecordsIsNotTheirPayload) {
  options.segment_bytes = 64 * 1024;
  open();
  for (int i = 0; i < 10'000; ++i) append_ok("123456", 1);
  const uint64_t bytes = arize().books().backlog_bytes;
  EXPECT_GE(bytes, 10'000 * (kRecordHeaderBytes + 6));
  const uint64_t segments = journal->health().segments;
  EXPECT_LE(bytes, segments * options.segment_bytes);
  EXPECT_GT(bytes, (segments - 1) * options.segment_bytes);
}

TEST_F(JournalLaneTest, SettlesInAnyOrder) {
  open();
  for (uint32_t i = 1; i <= 5; ++i) append_ok("x", i);
  std::vector<JournalRecord> records;
  for (int i = 0; i < 5; ++i) records.push_back(read_record(arize()));
  for (const size_t i : {3u, 1u, 4u, 0u, 2u}) {
    EXPECT_FALSE(arize().caught_up());
    deliver(arize(), records[i]);
    expect_balanced(arize().books());
  }
  EXPECT_TRUE(arize().caught_up());
  EXPECT_EQ(arize().books().settled.delivered, 15u);
}

TEST_F(JournalLaneTest, AfterARestartReadsOnlyWhatItsDurableCursorHasNotSettled) {
  open();
  for (uint32_t i = 0; i < 8; ++i) append_ok(std::string(900, 'x'), i + 1);  // four a segment
  std::vector<JournalRecord> records;
  for (int i = 0; i < 8; ++i) records.push_back(read_record(arize()));
  for (const size_t i : {0u, 2u, 3u, 4u, 6u}) deliver(arize(), records[i]);
  ASSERT_TRUE(arize().sync());
  deliver(arize(), records[7]);  // not durable
  crash();
  open();
  const LaneBooks books = arize().books();
  EXPECT_EQ(books.settled.delivered, 1u + 3 + 4 + 5 + 7);
  EXPECT_EQ(books.backlog_spans, 2u + 6 + 8);
  for (const uint64_t sequence : {1u, 5u, 7u}) {
    const JournalRecord record = read_record(arize());
    EXPECT_EQ(record.sequence, sequence);
    deliver(arize(), record);
  }
  EXPECT_TRUE(at_end(arize()));
  EXPECT_TRUE(arize().caught_up());
  EXPECT_EQ(arize().books().settled.delivered, 36u);
}

TEST_F(JournalLaneTest, RewoundReadsAgainWhatWasReadAndNotSettled) {
  options.fresh_bytes_max = 3000;  // some records come from memory, some from the disk
  open();
  for (uint32_t i = 0; i < 8; ++i) append_ok(std::string(900, static_cast<char>('a' + i)), i + 1);
  std::vector<JournalRecord> records;
  for (int i = 0; i < 8; ++i) records.push_back(read_record(arize()));
  for (const size_t i : {0u, 2u, 3u, 6u}) deliver(arize(), records[i]);
  arize().rewind();
  expect_balanced(arize().books());
  for (const uint64_t sequence : {1u, 4u, 5u, 7u}) {
    const JournalRecord record = read_record(arize());
    EXPECT_EQ(record.sequence, sequence);
    EXPECT_EQ(record.payload, records[sequence].payload.view());
    EXPECT_EQ(record.bytes_before, records[sequence].bytes_before);
    deliver(arize(), record);
  }
  EXPECT_TRUE(at_end(arize()));
  EXPECT_TRUE(arize().caught_up());
  EXPECT_EQ(arize().books().settled.delivered, 36u);
  EXPECT_EQ(arize().books().backlog_bytes, 0u);
}

TEST_F(JournalLaneTest, RewoundDoesNotReadAgainWhatIsSettledAndStillInMemory) {
  options.fresh_bytes_max = 1 << 20;
  open();
  for (uint32_t i = 0; i < 4; ++i) append_ok("x", 1);
  std::vector<JournalRecord> records;
  for (int i = 0; i < 4; ++i) records.push_back(read_record(arize()));
  deliver(arize(), records[1]);
  deliver(arize(), records[3]);
  arize().rewind();  // the other lane has not read them yet, so all are still in memory
  EXPECT_EQ(read_record(arize()).sequence, 0u);
  EXPECT_EQ(read_record(arize()).sequence, 2u);
  EXPECT_TRUE(at_end(arize()));
  append_ok("y", 1);
  EXPECT_EQ(read_record(arize()).payload, "y");
}

TEST_F(JournalLaneTest, RewoundCountsDamageOnceLessWhatIsSettled) {
  open();
  for (uint32_t i = 0; i < 8; ++i) append_ok(std::string(900, 'x'), i + 1);  // four a segment
  std::vector<JournalRecord> records;
  for (int i = 0; i < 4; ++i) records.push_back(read_record(arize()));
  deliver(arize(), records[2]);
  arize().rewind();
  const std::vector<std::string> segments = names("segment-");
  files.flip(path(segments.front()), kSegmentHeaderBytes + 2);
  EXPECT_EQ(read_damage(arize()).spans, 1u + 2 + 4);
  drain(arize());
  EXPECT_EQ(arize().books().settled.dead_lettered, 7u);
  EXPECT_EQ(arize().books().settled.delivered, 3u + 5 + 6 + 7 + 8);
  expect_balanced(arize().books());
}

TEST_F(JournalLaneTest, KnowsItsOldestRecordWhetherItIsReadOrNot) {
  open();
  EXPECT_EQ(arize().books().oldest_unsettled, std::nullopt);
  const WallTime first = clock.wall();
  append_ok("1", 1);
  clock.advance(std::chrono::seconds(10));
  const WallTime second = clock.wall();
  append_ok("2", 1);
  EXPECT_EQ(arize().books().oldest_unsettled, first);  // peeked
  const JournalRecord record = read_record(arize());
  EXPECT_EQ(arize().books().oldest_unsettled, first);
  deliver(arize(), record);
  EXPECT_EQ(arize().books().oldest_unsettled, second);
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(arize().books().oldest_unsettled, second);
  drain(arize());
  EXPECT_EQ(arize().books().oldest_unsettled, std::nullopt);
}

TEST_F(JournalLaneTest, DoesNotWriteACursorThatHasNotChanged) {
  open();
  append_ok("1", 1);
  drain(arize());
  files.fail_write_in = 1;
  EXPECT_TRUE(arize().sync());
  EXPECT_EQ(files.fail_write_in, 1);
}

TEST_F(JournalLaneTest, ACursorWriteThatFailedIsMadeUpForByTheNext) {
  open();
  append_ok("1", 3);
  deliver(arize(), read_record(arize()));
  files.fail_sync_in = 1;
  EXPECT_FALSE(arize().sync());
  EXPECT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(arize().books().settled.delivered, 3u);
}

TEST_F(JournalLaneTest, ACursorThatOnlyTheSystemsMemoryHasIsMadeDurableBeforeItIsTrusted) {
  open();
  append_ok("1", 3);
  deliver(arize(), read_record(arize()));
  files.on_call = [](const DiskOperation& operation) -> DiskFault {
    const bool dies = operation.call == DiskCall::kSync;
    return {.kind = dies ? DiskFault::Kind::kDies : DiskFault::Kind::kNone};
  };
  EXPECT_THROW(ignore(arize().sync(), "it does not return"), ProcessDied);
  files.on_call = {};
  kill();
  open();
  EXPECT_TRUE(at_end(arize()));
  crash();
  open();
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(arize().books().settled.delivered, 3u);
}

TEST_F(JournalLaneTest, TheCursorOfARemovedLaneDoesNotComeBack) {
  open();
  append_ok("1", 3);
  options.lanes = {"arize"};
  open();
  crash();
  options.lanes = {"arize", "databricks"};
  open();
  EXPECT_TRUE(at_end(databricks()));
  EXPECT_EQ(databricks().books().accepted, 0u);
}

TEST_F(JournalLaneTest, ATornCursorWriteLeavesTheOneBefore) {
  open();
  append_ok("1", 3);
  append_ok("2", 4);
  deliver(arize(), read_record(arize()));
  ASSERT_TRUE(arize().sync());
  deliver(arize(), read_record(arize()));
  ASSERT_TRUE(arize().sync());
  kill();
  files.flip(path("cursor-arize"), 2 % 2 * kCursorSlotBytes + 100);  // the second one
  open();
  EXPECT_EQ(arize().books().settled.delivered, 3u);
  EXPECT_EQ(read_record(arize()).payload, "2");
}

TEST_F(JournalLaneTest, ADamagedCursorDeliversEverythingAgainRatherThanNothing) {
  open();
  append_ok("1", 3);
  append_ok("2", 4);
  drain(arize());
  kill();
  files.flip(path("cursor-arize"), 100);
  files.flip(path("cursor-arize"), kCursorSlotBytes + 100);
  open();
  EXPECT_EQ(read_record(arize()).payload, "1");
  EXPECT_EQ(read_record(arize()).payload, "2");
  EXPECT_EQ(arize().books().backlog_spans, 7u);
}

TEST_F(JournalLaneTest, ACursorTooScatteredForItsSlotWaitsWithoutHarm) {
  options.segment_bytes = 1 << 20;
  open();
  std::vector<JournalRecord> records;
  for (size_t i = 0; i < 2 * kCursorRangesMax + 4; ++i) append_ok("x", 1);
  for (size_t i = 0; i < 2 * kCursorRangesMax + 4; ++i) records.push_back(read_record(arize()));
  for (size_t i = 1; i < records.size(); i += 2) deliver(arize(), records[i]);
  EXPECT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(arize().books().settled.delivered, 0u);
  drain(arize());
  EXPECT_EQ(arize().books().settled.delivered, records.size());
}

}  // namespace
}  // namespace dualtrace::agent
