// SPDX-License-Identifier: Apache-2.0
// Carrying over: a lane moves the rest of a record to the end of the journal, and each span is in
// exactly one place at all times.

#include "agent/journal/cursor_file.h"
#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

class CarryOverTest : public JournalFixture {
 protected:
  // Returns the status that `done` received; nullopt if it was not called.
  std::optional<Status> carry(JournalLane& lane, uint64_t sequence, const std::string& payload,
                              uint32_t spans, const SpanCounts& ended = {}) {
    std::optional<Status> told;
    lane.carry_over({sequence, payload, spans, ended}, [&told](Status status) { told = status; });
    scheduler->run_ready();
    return told;
  }
  void carry_ok(JournalLane& lane, uint64_t sequence, const std::string& payload, uint32_t spans,
                const SpanCounts& ended = {}) {
    const std::optional<Status> told = carry(lane, sequence, payload, spans, ended);
    ASSERT_TRUE(told && *told);
  }
  void expect_waiting(JournalLane& lane, uint64_t spans) {
    const LaneBooks books = lane.books();
    expect_balanced(books);
    EXPECT_EQ(books.backlog_spans, spans);
    EXPECT_EQ(lane.caught_up(), spans == 0);
  }
  std::string segment_of_last_record() { return path(names("segment-").back()); }
};

TEST_F(CarryOverTest, ReadsARecordAgainThatWaitsFromTheDiskOrFromAnOlderSegment) {
  for (const uint64_t fresh : {0u, 1u << 20}) {
    options.fresh_bytes_max = fresh;
    options.folder = "/data/journal-" + std::to_string(fresh);
    open();
    append_ok("first", 2);
    append_large(1);
    append_large(1);
    const JournalRecord first = read_record(arize());
    read_record(arize());
    const Result<JournalRecord> again = arize().read_again(first.sequence);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->payload, "first");
    EXPECT_EQ(again->spans, 2u);
    EXPECT_EQ(again->arrived, first.arrived);
    EXPECT_FALSE(again->carried_for);
    deliver(arize(), first);  // settled once, as if it had not been read twice
    expect_waiting(arize(), 2);
  }
}

TEST_F(CarryOverTest, SaysWhetherARecordThatIsReadAgainIsDamagedOrOnlyNotToBeReadNow) {
  open();
  append_ok("first", 2);
  const JournalRecord first = read_record(arize());
  files.fail_read_in = 1;
  files.failing_on = true;
  EXPECT_EQ(arize().read_again(first.sequence).error().kind, ErrorKind::kUnavailable);
  files.fail_read_in = 0;
  files.flip(segment_of_last_record(), kSegmentHeaderBytes + kRecordHeaderBytes + 1);
  EXPECT_EQ(arize().read_again(first.sequence).error().kind, ErrorKind::kCorrupt);
  arize().settle(first.sequence, {.dead_lettered = 2});
  EXPECT_TRUE(arize().caught_up());
}

TEST_F(CarryOverTest, MovesWhatIsLeftToTheEndAndKeepsItsArrival) {
  for (const uint64_t fresh : {0u, 1u << 20}) {
    options.fresh_bytes_max = fresh;
    options.folder = "/data/journal-" + std::to_string(fresh);
    open();
    append_ok("abcde", 5);
    const JournalRecord whole = read_record(arize());
    clock.advance(std::chrono::hours(2));
    append_ok("later", 1);
    carry_ok(arize(), whole.sequence, "cd", 2, {.delivered = 2, .rejected = 1});
    expect_waiting(arize(), 3);
    EXPECT_EQ(arize().books().settled.delivered, 2u);
    EXPECT_EQ(arize().books().oldest_unsettled, whole.arrived);
    deliver(arize(), read_record(arize()));
    const JournalRecord rest = read_record(arize());
    EXPECT_TRUE(rest.carried_for);
    EXPECT_EQ(rest.payload, "cd");
    EXPECT_EQ(rest.spans, 2u);
    EXPECT_EQ(rest.arrived, whole.arrived);
    EXPECT_TRUE(at_end(arize()));
    expect_waiting(arize(), 2);
    deliver(arize(), rest);
    expect_waiting(arize(), 0);
    EXPECT_EQ(arize().books().settled, (SpanCounts{.delivered = 5, .rejected = 1}));
  }
}

TEST_F(CarryOverTest, ConcernsNoOtherLane) {
  for (const uint64_t fresh : {0u, 1u << 20}) {
    options.fresh_bytes_max = fresh;
    options.folder = "/data/journal-" + std::to_string(fresh);
    open();
    append_ok("abcde", 5);
    carry_ok(arize(), read_record(arize()).sequence, "abcde", 5);
    append_ok("later", 1);
    EXPECT_EQ(databricks().books().accepted, 6u);
    EXPECT_EQ(read_record(databricks()).payload, "abcde");
    EXPECT_EQ(read_record(databricks()).payload, "later");
    EXPECT_TRUE(at_end(databricks()));
    databricks().settle(0, {.delivered = 5});
    databricks().settle(2, {.delivered = 1});
    expect_waiting(databricks(), 0);
    EXPECT_EQ(journal->totals().spans, 6u);
  }
}

TEST_F(CarryOverTest, LetsGoOfTheSegmentThatTheRecordWasIn) {
  open();
  append_ok("held", 1);
  const JournalRecord held = read_record(arize());
  for (int i = 0; i < 6; ++i) append_large(1);
  drain(arize());
  drain(databricks());
  const size_t before = names("segment-").size();
  carry_ok(arize(), held.sequence, "held", 1);
  ASSERT_TRUE(arize().sync());
  drain(databricks());
  EXPECT_LT(names("segment-").size(), before);
  EXPECT_EQ(read_record(arize()).payload, "held");
}

TEST_F(CarryOverTest, CanMoveWhatWasMovedBefore) {
  open();
  append_ok("abc", 3);
  carry_ok(arize(), read_record(arize()).sequence, "ab", 2, {.expired = 1});
  carry_ok(arize(), read_record(arize()).sequence, "a", 1, {.dead_lettered = 1});
  const JournalRecord rest = read_record(arize());
  EXPECT_EQ(rest.payload, "a");
  expect_waiting(arize(), 1);
  deliver(arize(), rest);
  expect_waiting(arize(), 0);
  EXPECT_EQ(arize().books().settled,
            (SpanCounts{.delivered = 1, .dead_lettered = 1, .expired = 1}));
}

TEST_F(CarryOverTest, LeavesTheRecordWhereItIsWhenThereIsNoRoom) {
  options.segments_max = 1;
  open();
  append_large(2);
  const JournalRecord held = read_record(arize());
  const std::optional<Status> told = carry(arize(), held.sequence, std::string(2000, 'x'), 2);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->error().kind, ErrorKind::kUnavailable);
  expect_waiting(arize(), 2);
  EXPECT_TRUE(at_end(arize()));
  deliver(arize(), held);
  expect_waiting(arize(), 0);
}

TEST_F(CarryOverTest, WaitsOverRestartsWithoutBeingCountedTwice) {
  open();
  append_ok("abc", 3);
  carry_ok(arize(), read_record(arize()).sequence, "bc", 2, {.delivered = 1});
  ASSERT_TRUE(arize().sync());
  for (int life = 0; life < 3; ++life) {
    crash();
    open();
    expect_waiting(arize(), 2);
    const JournalRecord rest = read_record(arize());
    EXPECT_EQ(rest.payload, "bc");
    EXPECT_TRUE(at_end(arize()));
    expect_waiting(arize(), 2);
  }
  arize().rewind();
  deliver(arize(), read_record(arize()));
  expect_waiting(arize(), 0);
  EXPECT_EQ(arize().books().settled.delivered, 3u);
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  expect_waiting(arize(), 0);
  EXPECT_TRUE(at_end(arize()));
}

TEST_F(CarryOverTest, ADeathBeforeTheCursorIsStoredLeavesTheRecordAndNoCopy) {
  open();
  append_ok("abc", 3);
  ASSERT_TRUE(arize().sync());
  for (int life = 0; life < 4; ++life) {
    const JournalRecord whole = read_record(arize());
    EXPECT_EQ(whole.payload, "abc");
    EXPECT_FALSE(whole.carried_for);
    EXPECT_TRUE(at_end(arize()));
    carry_ok(arize(), whole.sequence, "bc", 2, {.delivered = 1});
    crash();
    open();
    expect_waiting(arize(), 3);
  }
  // A run whose carry-over is durable, after all the runs whose carry-overs were void.
  carry_ok(arize(), read_record(arize()).sequence, "bc", 2, {.delivered = 1});
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(read_record(arize()).payload, "bc");
  EXPECT_TRUE(at_end(arize()));
  expect_waiting(arize(), 2);
}

TEST_F(CarryOverTest, InMemoryModeTheCopyIsOnTheDiskBeforeTheRecordIsLetGo) {
  options.durability = Durability::kMemory;
  open();
  append_ok("abc", 3);
  clock.advance(std::chrono::seconds(2));
  scheduler->run_ready();  // now the record is synced
  carry_ok(arize(), read_record(arize()).sequence, "abc", 3);
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_EQ(read_record(arize()).payload, "abc");
  expect_waiting(arize(), 3);
}

TEST_F(CarryOverTest, ALaneThatTakesOverInBetweenHasTheRecordAndNoCopy) {
  open();
  append_ok("abc", 3);
  const JournalRecord whole = read_record(arize());
  int told = 0;
  arize().carry_over({whole.sequence, "bc", 2, {.delivered = 1}}, [&told](auto) { ++told; });
  arize().rewind();
  const JournalRecord again = read_record(arize());
  EXPECT_EQ(again.payload, "abc");
  // The copy is carried over again before the first copy is stored.
  arize().carry_over({again.sequence, "ab", 2, {.expired = 1}}, [&told](auto) { ++told; });
  scheduler->run_ready();
  EXPECT_EQ(told, 2);
  const JournalRecord rest = read_record(arize());
  EXPECT_EQ(rest.payload, "ab");
  EXPECT_TRUE(at_end(arize()));
  deliver(arize(), rest);
  expect_waiting(arize(), 0);
  EXPECT_EQ(arize().books().settled, (SpanCounts{.delivered = 2, .expired = 1}));
}

TEST_F(CarryOverTest, ReadAgainByALaneThatTakesOver) {
  options.fresh_bytes_max = 1 << 20;
  open();
  append_ok("abc", 3);
  carry_ok(arize(), read_record(arize()).sequence, "bc", 2, {.delivered = 1});
  for (int lane = 0; lane < 3; ++lane) {
    arize().rewind();
    EXPECT_EQ(read_record(arize()).payload, "bc");
    EXPECT_TRUE(at_end(arize()));
    expect_waiting(arize(), 2);
  }
}

TEST_F(CarryOverTest, EndsAsDamageWhereverItIsLost) {
  enum class Loss { kPayload, kHeader, kSegment };
  for (const bool restarts : {false, true}) {
    for (const Loss loss : {Loss::kPayload, Loss::kHeader, Loss::kSegment}) {
      options.folder =
          "/data/journal-" + std::to_string(restarts) + std::to_string(static_cast<int>(loss));
      open();
      append_ok("abc", 3);
      const JournalRecord whole = read_record(arize());
      append_large(1);
      append_large(1);
      carry_ok(arize(), whole.sequence, "bc", 2, {.delivered = 1});
      ASSERT_TRUE(arize().sync());
      const std::string damaged = segment_of_last_record();
      append_large(1);  // the journal continues after it
      append_large(1);
      const uint64_t begin = kSegmentHeaderBytes + kRecordHeaderBytes + 3000;
      if (loss == Loss::kPayload) files.flip(damaged, begin + kRecordHeaderBytes);
      if (loss == Loss::kHeader) files.flip(damaged, begin + 4);
      if (loss == Loss::kSegment) files.flip(damaged, 8);
      if (restarts) crash();
      if (restarts || loss == Loss::kSegment) {
        kill();
        open();
      }
      uint64_t told = 0;
      while (true) {
        const Result<JournalRead> read = arize().read();
        ASSERT_TRUE(read);
        if (std::holds_alternative<JournalEnd>(*read)) break;
        if (const auto* lost = std::get_if<JournalDamage>(&*read)) told += lost->spans;
        if (const auto* record = std::get_if<JournalRecord>(&*read)) deliver(arize(), *record);
      }
      const LaneBooks books = arize().books();
      expect_waiting(arize(), 0);
      EXPECT_GE(told, 2u);
      EXPECT_EQ(books.settled.dead_lettered, told);
      EXPECT_EQ(books.settled.sum(), 7u);
    }
  }
}

TEST_F(CarryOverTest, ALostCursorsCarriedRecordsAreDeliveredToo) {
  open();
  append_ok("abc", 3);
  const JournalRecord whole = read_record(arize());
  append_large(1);
  drain(databricks());
  carry_ok(arize(), whole.sequence, "bc", 2, {.delivered = 1});
  drain(databricks());
  ASSERT_TRUE(arize().sync());
  crash();
  files.flip(path("cursor-arize"), 20);
  files.flip(path("cursor-arize"), kCursorSlotBytes + 20);
  open();
  std::vector<std::string> payloads;
  uint64_t spans = 0;
  for (int life = 0; life < 2; ++life) {
    payloads.clear();
    spans = 0;
    while (true) {
      const Result<JournalRead> read = arize().read();
      ASSERT_TRUE(read);
      if (std::holds_alternative<JournalEnd>(*read)) break;
      const auto& record = std::get<JournalRecord>(*read);
      payloads.emplace_back(record.payload.view());
      spans += record.spans;
      if (life == 1) deliver(arize(), record);
    }
    EXPECT_EQ(arize().books().backlog_spans, life == 0 ? spans : 0);
    expect_balanced(arize().books());
    ASSERT_TRUE(arize().sync());
    if (life == 0) crash();
    if (life == 0) open();
  }
  EXPECT_EQ(payloads.back(), "bc");
  expect_waiting(arize(), 0);
}

TEST_F(CarryOverTest, IsRefusedWhenTooManyLivesEndedSo) {
  open();
  append_ok("the oldest, so that nothing is behind the lane", 1);
  append_ok("abc", 3);
  std::optional<Status> told;
  for (size_t life = 0; life <= kVoidsMax; ++life) {
    ASSERT_FALSE(told && !*told) << "refused too early";
    read_record(arize());
    const JournalRecord record = read_record(arize());
    told = carry(arize(), record.sequence, std::string(record.payload.view()), record.spans);
    ASSERT_TRUE(told);
    ASSERT_TRUE(arize().sync());
    append_ok("x", 1);
    crash();
    open();
  }
  EXPECT_EQ(told->error().kind, ErrorKind::kUnavailable);
  drain(arize());
  expect_waiting(arize(), 0);
}

TEST_F(CarryOverTest, NamesTheRecordsThatPinASegmentOnTheirOwn) {
  open();
  for (uint32_t i = 0; i < 4; ++i) append_ok(std::string(900, 'x'), 1);  // a segment
  std::vector<JournalRecord> records;
  for (int i = 0; i < 4; ++i) records.push_back(read_record(arize()));
  EXPECT_FALSE(arize().pinned(10));  // the newest segment stays on disk anyway
  for (uint32_t i = 0; i < 5; ++i) append_large(1);
  for (const size_t i : {0u, 3u}) deliver(arize(), records[i]);
  EXPECT_EQ(arize().pinned(10)->bytes, options.segment_bytes);
  drain(arize());
  const std::optional<PinnedSegment> pinned = arize().pinned(10);
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->sequences, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(pinned->payload_bytes, 1800u);
  EXPECT_EQ(pinned->bytes, 5 * options.segment_bytes);  // including later ones, except the newest
  EXPECT_FALSE(arize().pinned(1));
  for (const uint64_t sequence : pinned->sequences) carry_ok(arize(), sequence, "x", 1);
  EXPECT_FALSE(arize().pinned(10));
}

TEST_F(CarryOverTest, AFullCursorHoldsNoSegmentsOnceTheHolesAreMoved) {
  options.segment_bytes = 512 * 1024;
  open();
  const size_t holes = kCursorRangesMax + 10;
  for (size_t i = 0; i < 2 * holes; ++i) append_ok("x", 1);
  std::vector<uint64_t> waiting;
  for (size_t i = 0; i < 2 * holes; ++i) {
    const JournalRecord record = read_record(arize());
    if (i % 2 == 0) waiting.push_back(record.sequence);
    if (i % 2 == 1) deliver(arize(), record);
  }
  ASSERT_TRUE(arize().sync());
  kill();
  open();
  EXPECT_EQ(arize().books().backlog_spans, 2 * holes);  // the cursor could not record any of it
  for (size_t i = 0; i < 2 * holes; ++i) {
    const JournalRecord record = read_record(arize());
    if (i % 2 == 1) deliver(arize(), record);
  }
  for (const uint64_t sequence : waiting) carry_ok(arize(), sequence, "x", 1);
  ASSERT_TRUE(arize().sync());
  kill();
  open();
  expect_waiting(arize(), holes);
  drain(arize());
  expect_waiting(arize(), 0);
  EXPECT_EQ(arize().books().settled.delivered, 2 * holes);
}

}  // namespace
}  // namespace dualtrace::agent
