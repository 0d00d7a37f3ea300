// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/fresh_records.h"

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

StoredRecord record(uint64_t sequence, size_t bytes = 100) {
  return {.mark = {{.sequence = sequence}}, .payload = std::string(bytes, 'x')};
}

TEST(FreshRecords, GiveEveryLaneTheSameBytes) {
  FreshRecords fresh(2, 1000);
  fresh.add(record(7));
  const auto first = fresh.take(0, 7);
  const auto second = fresh.take(1, 7);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->payload.is(second->payload));
}

TEST(FreshRecords, GoWhenAllLanesHaveTakenThem) {
  FreshRecords fresh(2, 1000);
  fresh.add(record(0));
  fresh.add(record(1));
  fresh.take(0, 0);
  fresh.take(0, 1);
  EXPECT_EQ(fresh.bytes(), 200u);
  fresh.take(1, 0);
  EXPECT_EQ(fresh.bytes(), 100u);
  fresh.take(1, 1);
  EXPECT_EQ(fresh.bytes(), 0u);
}

TEST(FreshRecords, GoWhenNewerOnesNeedTheRoomWhoeverHasNotTakenThem) {
  FreshRecords fresh(2, 1000);
  for (uint64_t i = 0; i < 30; ++i) {
    fresh.add(record(i));
    EXPECT_TRUE(fresh.take(0, i));
    EXPECT_LE(fresh.bytes(), 1000u);
  }
  EXPECT_FALSE(fresh.take(1, 0));
  EXPECT_TRUE(fresh.take(1, 25));
  EXPECT_FALSE(fresh.take(1, 30));
  fresh.add(record(30, 1001));  // larger than the whole buffer
  EXPECT_EQ(fresh.bytes(), 0u);
}

class FreshJournalTest : public JournalFixture {
 protected:
  FreshJournalTest() { options.fresh_bytes_max = 10'000; }
};

TEST_F(FreshJournalTest, ALaneThatKeepsUpDoesNotTouchTheDisk) {
  open();
  append_ok("one", 1);
  append_ok("two", 2);
  files.fail_read_in = 1;
  EXPECT_EQ(read_record(arize()).payload, "one");
  EXPECT_EQ(read_record(arize()).payload, "two");
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(files.fail_read_in, 1);
}

TEST_F(FreshJournalTest, ALaneThatIsBehindChangesFromDiskToMemoryAndBack) {
  options.segment_bytes = 65536;
  open();
  for (uint32_t i = 0; i < 6; ++i) append_ok(std::string(3000, static_cast<char>('a' + i)), i + 1);
  uint32_t next = 0;
  const auto read_next = [&] {
    const JournalRecord record = read_record(arize());
    EXPECT_EQ(record.payload, std::string(3000, static_cast<char>('a' + next)));
    EXPECT_EQ(record.spans, ++next);
    deliver(arize(), record);
  };
  while (next < 6) read_next();  // three from the disk, three from memory
  EXPECT_TRUE(at_end(arize()));
  for (uint32_t i = 6; i < 12; ++i) append_ok(std::string(3000, static_cast<char>('a' + i)), i + 1);
  while (next < 12) read_next();
  EXPECT_TRUE(arize().caught_up());
  expect_balanced(arize().books());
  ASSERT_TRUE(arize().sync());
  crash();
  open();
  EXPECT_TRUE(at_end(arize()));
  EXPECT_EQ(arize().books().settled.delivered, 78u);
}

TEST_F(FreshJournalTest, WhatWasRefusedIsNotAmongThem) {
  open();
  append_ok("first", 1);
  files.fail_sync_in = 1;
  EXPECT_FALSE(append("lost", 1));
  clock.advance(std::chrono::seconds(2));
  append_ok("kept", 2);
  EXPECT_EQ(read_record(arize()).payload, "first");
  EXPECT_EQ(read_record(arize()).payload, "kept");
  EXPECT_TRUE(at_end(arize()));
}

}  // namespace
}  // namespace dualtrace::agent
