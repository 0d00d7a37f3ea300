// SPDX-License-Identifier: Apache-2.0
// Data corruption on disk costs no more than it must, and every lost span is counted.

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

class JournalDamageTest : public JournalFixture {
 protected:
  // Three sealed segments of two records each: 0,1 | 2,3 | 4,5, with sequence + 1 spans.
  void write_three_segments() {
    open();
    for (uint32_t i = 0; i < 6; ++i) append_ok(std::string(1800, 'x'), i + 1);
    kill();
    segments = names("segment-");
    ASSERT_EQ(segments.size(), 3u);
  }
  void flip(size_t segment, uint64_t offset) { files.flip(path(segments[segment]), offset); }
  // Both lanes read everything, the books balance, and the damage is dead-lettered.
  void expect_lost(uint64_t spans) {
    for (JournalLane* lane : {&arize(), &databricks()}) {
      drain(*lane);
      EXPECT_TRUE(lane->caught_up());
      EXPECT_EQ(lane->books().settled.dead_lettered, spans);
      EXPECT_EQ(lane->books().backlog_spans, 0u);
      EXPECT_EQ(lane->books().backlog_bytes, 0u);
      expect_balanced(lane->books());
    }
  }

  // Reads of that file fail if they overlap [begin, end).
  auto bad_sectors(const std::string& segment, uint64_t begin, uint64_t end) {
    return [this, segment, begin, end](const DiskOperation& operation) -> DiskFault {
      const bool touched = operation.path == path(segment) && operation.offset < end &&
                           operation.offset + operation.bytes > begin;
      if (operation.call != DiskCall::kRead || !touched) return {};
      return {.kind = DiskFault::Kind::kFails};
    };
  }

  static constexpr uint64_t kFirst = 4096;
  static constexpr uint64_t kSecond = 4096 + 40 + 1800;
  std::vector<std::string> segments;
};

TEST_F(JournalDamageTest, ADamagedPayloadCostsOneRecord) {
  write_three_segments();
  flip(1, kFirst + 40 + 7);
  open();
  EXPECT_EQ(read_record(arize()).sequence, 0u);
  EXPECT_EQ(read_record(arize()).sequence, 1u);
  const JournalDamage damage = read_damage(arize());
  EXPECT_EQ(damage.first, 2u);
  EXPECT_EQ(damage.last, 2u);
  EXPECT_EQ(damage.spans, 3u);
  EXPECT_EQ(read_record(arize()).sequence, 3u);
}

TEST_F(JournalDamageTest, ADamagedRecordHeaderCostsTheRestOfItsSegment) {
  write_three_segments();
  flip(1, kFirst + 9);
  open();
  read_record(arize());
  read_record(arize());
  const JournalDamage damage = read_damage(arize());
  EXPECT_EQ(damage.first, 2u);
  EXPECT_EQ(damage.last, 3u);
  EXPECT_EQ(damage.spans, 7u);
  EXPECT_EQ(read_record(arize()).sequence, 4u);
}

TEST_F(JournalDamageTest, ADamagedSegmentHeaderCostsTheSegment) {
  write_three_segments();
  flip(1, 20);
  open();
  expect_lost(3 + 4);
  EXPECT_EQ(journal->totals().spans, 21u);
}

TEST_F(JournalDamageTest, AMissingSegmentIsCounted) {
  write_three_segments();
  ASSERT_TRUE(files.remove(path(segments[0])));
  open();
  expect_lost(1 + 2);
}

TEST_F(JournalDamageTest, ATruncatedSegmentIsCounted) {
  write_three_segments();
  {
    const std::string content = files.content(path(segments[1])).substr(0, kSecond + 100);
    ASSERT_TRUE(files.remove(path(segments[1])));
    ASSERT_TRUE(write_file(files, path(segments[1]), content));
  }
  open();
  expect_lost(4);
}

TEST_F(JournalDamageTest, TheNewestSegmentsHeaderMayBeTheDamagedOne) {
  write_three_segments();
  flip(2, 20);
  open();
  expect_lost(5 + 6);
  append_ok("goes on", 1);
  EXPECT_EQ(read_record(arize()).sequence, 6u);
}

TEST_F(JournalDamageTest, InTheNewestSegmentADamagedRecordBeforeAWholeOneIsNotATornTail) {
  write_three_segments();
  flip(2, kFirst + 40 + 7);
  open();
  EXPECT_EQ(journal->totals().records, 6u);
  expect_lost(5);
}

TEST_F(JournalDamageTest, AGroupThatWasTornIsCutThere) {
  open();
  append_ok("before", 1);
  for (uint32_t i = 0; i < 3; ++i) journal->append(std::string(500, 'x'), 2 + i, [](auto) {});
  scheduler->run_ready();
  kill();
  files.flip(path(names("segment-")[0]), kFirst + 40 + 6 + 540 + 40 + 7);  // the second's payload
  open();
  EXPECT_EQ(journal->totals().records, 2u);
  EXPECT_EQ(journal->totals().spans, 3u);
  drain(arize());
  EXPECT_EQ(arize().books().settled.dead_lettered, 0u);
}

TEST_F(JournalDamageTest, WhatALaneHasSeenIsNotTakenForATornTail) {
  open();
  append_ok(std::string(1800, 'x'), 1);
  append_ok(std::string(1800, 'x'), 2);
  drain(arize());
  kill();
  files.flip(path(names("segment-")[0]), kSecond + 3);
  open();
  EXPECT_EQ(journal->totals().spans, 3u);
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(arize().books().settled.dead_lettered, 0u);
  EXPECT_EQ(read_record(databricks()).sequence, 0u);
  EXPECT_EQ(read_damage(databricks()).spans, 2u);
  append_ok("goes on", 4);
  EXPECT_EQ(read_record(arize()).sequence, 2u);
  EXPECT_EQ(read_record(databricks()).sequence, 2u);
}

TEST_F(JournalDamageTest, ALossLeavesOutWhatWasSettledBefore) {
  open();
  for (uint32_t i = 0; i < 4; ++i) append_ok(std::string(900, 'x'), i + 1);
  append_large(10);  // seals it
  std::vector<JournalRecord> records;
  for (int i = 0; i < 4; ++i) records.push_back(read_record(arize()));
  deliver(arize(), records[2]);
  ASSERT_TRUE(arize().sync());
  kill();
  files.flip(path(names("segment-")[0]), kFirst + 40 + 900 + 3);  // the header of record 1
  open();
  EXPECT_EQ(read_record(arize()).sequence, 0u);
  const JournalDamage damage = read_damage(arize());
  EXPECT_EQ(damage.first, 1u);
  EXPECT_EQ(damage.last, 3u);
  EXPECT_EQ(damage.spans, 2u + 4u);
  arize().settle(0, {.delivered = 1});
  EXPECT_EQ(read_record(arize()).sequence, 4u);
  EXPECT_EQ(arize().books().settled.delivered, 4u);
  EXPECT_EQ(arize().books().settled.dead_lettered, 6u);
  EXPECT_EQ(arize().books().backlog_spans, 10u);
}

TEST_F(JournalDamageTest, ADamagedSegmentIsSetAsideWhenAllLanesHavePassedIt) {
  write_three_segments();
  flip(1, kFirst + 9);
  open();
  drain(arize());
  EXPECT_EQ(journal->health().damaged_segments, 0u);
  drain(databricks());
  EXPECT_EQ(journal->health().damaged_segments, 1u);
  EXPECT_EQ(names("damaged-").size(), 1u);
  append_ok("begins a segment", 1);
  open();
  EXPECT_EQ(journal->health().damaged_segments, 1u);
}

TEST_F(JournalDamageTest, KeepsTwoDamagedSegmentsAndCountsAll) {
  write_three_segments();
  for (size_t segment = 0; segment < 3; ++segment) flip(segment, kFirst + 40);
  open();
  drain(arize());
  drain(databricks());
  EXPECT_EQ(journal->health().damaged_segments, 3u);
  EXPECT_EQ(names("damaged-").size(), 2u);
}

TEST_F(JournalDamageTest, ADiskThatFailsToReadForAMomentLosesNothing) {
  write_three_segments();
  open();
  files.fail_read_in = 1;
  files.failing_on = true;
  for (int i = 0; i < 100; ++i) {
    const Result<JournalRead> read = arize().read();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::kUnavailable);
    EXPECT_TRUE(read.error().retry_after.has_value());
    clock.advance(std::chrono::seconds(5));
  }
  files.fail_read_in = 0;
  EXPECT_EQ(read_record(arize()).sequence, 0u);
}

TEST_F(JournalDamageTest, ASegmentThatCannotBeOpenedWaitsForAsLongAsItTakes) {
  for (const ErrorKind why :
       {ErrorKind::kUnavailable, ErrorKind::kDenied, ErrorKind::kInternal, ErrorKind::kCorrupt}) {
    options.folder = "/data/journal-" + std::string(to_string(why));
    write_three_segments();
    open();
    files.open_failure = why;
    for (int i = 0; i < 100; ++i) {
      const Result<JournalRead> read = arize().read();
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error().kind, ErrorKind::kUnavailable);
      clock.advance(std::chrono::hours(1));
    }
    files.open_failure.reset();
    for (uint64_t sequence = 0; sequence < 6; ++sequence) {
      EXPECT_EQ(read_record(arize()).sequence, sequence);
    }
    EXPECT_EQ(arize().books().settled.dead_lettered, 0u);
  }
}

// An unmounted volume: every file is missing, although nobody removed one.
TEST_F(JournalDamageTest, AFolderThatIsAwayIsNoDamage) {
  write_three_segments();
  open();
  files.open_failure = ErrorKind::kNotFound;
  clock.advance(std::chrono::hours(1));
  EXPECT_FALSE(arize().read());
  files.open_failure.reset();
  EXPECT_EQ(read_record(arize()).sequence, 0u);
}

TEST_F(JournalDamageTest, AHeaderThatCannotBeReadIsDamageOnlyForThoseWhoHaveWaited) {
  write_three_segments();
  files.on_call = bad_sectors(segments[1], 0, 512);
  scheduler.emplace(clock);
  EXPECT_EQ(Journal::open(options, files, *scheduler).error().kind, ErrorKind::kCorrupt);
  options.unreadable_is_damaged = true;
  open();
  EXPECT_EQ(read_record(arize()).sequence, 0u);
  EXPECT_EQ(read_record(arize()).sequence, 1u);
  EXPECT_EQ(read_damage(arize()).first, 2u);
  EXPECT_EQ(read_record(arize()).sequence, 4u);
}

TEST_F(JournalDamageTest, ABadSectorHoldsNoLaneUpForEver) {
  write_three_segments();
  open();
  files.on_call = bad_sectors(segments[0], kFirst, kFirst + 512);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(arize().read());
  clock.advance(std::chrono::minutes(10));
  EXPECT_EQ(read_damage(arize()).last, 1u);
  EXPECT_EQ(read_record(arize()).sequence, 2u);
}

TEST_F(JournalDamageTest, ABadSectorInAPayloadCostsOneRecord) {
  write_three_segments();
  open();
  files.on_call = bad_sectors(segments[0], kSecond - 512, kSecond);
  EXPECT_FALSE(arize().read());
  clock.advance(std::chrono::minutes(10));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(arize().read());
  EXPECT_EQ(read_damage(arize()).last, 0u);
  EXPECT_EQ(read_record(arize()).sequence, 1u);
}

TEST_F(JournalDamageTest, ABadSectorHidesNothingBeforeIt) {
  write_three_segments();
  open();
  files.on_call = bad_sectors(segments[0], kSecond + 40, kSecond + 512);
  EXPECT_EQ(read_record(arize()).sequence, 0u);
  EXPECT_FALSE(arize().read());
}

}  // namespace
}  // namespace dualtrace::agent
