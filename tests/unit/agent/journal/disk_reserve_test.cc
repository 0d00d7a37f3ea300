// SPDX-License-Identifier: Apache-2.0
// The disk reserve for other programs: if free space falls below it, a journal refuses new data,
// frees the space it does not need, keeps delivering, and later accepts spans without a restart.

#include "agent/journal/disk_reserve.h"

#include "tests/unit/agent/journal/journal_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

constexpr uint64_t kDisk = 100'000'000;

class DiskReserveTest : public JournalFixture {
 protected:
  DiskReserveTest() {
    files.bytes_max = kDisk;
    EXPECT_TRUE(files.make_folders("/data"));
    options.min_free = {.percent = 15};
  }

  // Fills the disk from outside the journal so that `bytes` stay free.
  void leave(uint64_t bytes) {
    const auto others = files.open("/data/others", OpenMode::kCreate);
    ASSERT_TRUE(others);
    const uint64_t now = *(*others)->size();
    const uint64_t wanted = kDisk - bytes - (files.bytes_used() - now);
    ASSERT_TRUE(files.remove("/data/others"));
    const auto again = files.open("/data/others", OpenMode::kCreate);
    ASSERT_TRUE((*again)->allocate(wanted));
  }
  void expect_refused(const Status& status) {
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
    EXPECT_NE(status.error().message.find("delivery.minFreeDisk"), std::string::npos);
    EXPECT_EQ(status.error().retry_after, seconds(5));
  }
  void look() { scheduler->run_for(seconds(11)); }
};

TEST_F(DiskReserveTest, TakesNothingNewBelowItAndSaysWhy) {
  open();
  append_ok("one", 1);
  EXPECT_FALSE(journal->health().refusing);
  leave(14'000'000);
  look();
  expect_refused(append("two", 2));
  EXPECT_TRUE(journal->health().refusing);
  EXPECT_NE(journal->health().refusal.find("13 MiB of 95 MiB"), std::string::npos)
      << journal->health().refusal;
  EXPECT_EQ(journal->totals().spans, 1u);
  EXPECT_EQ(journal->health().commits, 1u) << "refused data is not written";
}

TEST_F(DiskReserveTest, LooksBeforeItTakesTheFirstRequest) {
  leave(14'000'000);
  open();
  EXPECT_TRUE(journal->health().refusing);
  expect_refused(append("one", 1));
  EXPECT_TRUE(names("segment-").empty());
}

TEST_F(DiskReserveTest, DeliversWhatIsStoredAndGivesBackWhatIsNotNeeded) {
  open();
  for (uint32_t i = 1; i <= 4; ++i) append_large(i);
  drain(arize());
  drain(databricks());
  append_large(5);
  EXPECT_EQ(names("segment-").size(), 3u);  // a spare, the one before, and the newest
  leave(14'000'000);
  look();
  EXPECT_EQ(names("segment-").size(), 2u);
  expect_refused(append("six", 6));
  drain(arize());
  drain(databricks());
  look();
  EXPECT_TRUE(names("segment-").empty());
  EXPECT_EQ(journal->health().disk_bytes, 0u);
  EXPECT_EQ(arize().books().settled.delivered, 15u);
  EXPECT_EQ(arize().books().backlog_bytes, 0u);
}

TEST_F(DiskReserveTest, TakesUpAgainByItself) {
  open();
  append_ok("one", 1);
  drain(arize());
  drain(databricks());
  leave(14'000'000);
  look();
  expect_refused(append("two", 2));
  leave(20'000'000);
  look();
  EXPECT_FALSE(journal->health().refusing);
  EXPECT_EQ(journal->health().refusal, "");
  append_ok("three", 3);
  const JournalRecord three = read_record(arize());
  EXPECT_EQ(three.payload, "three");
  EXPECT_TRUE(at_end(arize()));
  deliver(arize(), three);
  drain(arize());
  drain(databricks());
  kill();
  open();
  EXPECT_EQ(journal->totals().records, 2u);
  append_ok("four", 4);
  EXPECT_EQ(read_record(arize()).payload, "four");
}

// Without this hysteresis, each file that is created or removed would toggle the decision.
TEST_F(DiskReserveTest, TakesUpAgainOnlyWithSomeMoreThanTheReserve) {
  open();
  leave(15'100'000);
  look();
  append_ok("one", 1);
  leave(14'999'000);
  look();
  expect_refused(append("two", 2));
  leave(15'100'000);
  look();
  expect_refused(append("two", 2));
  leave(16'400'000);  // a tenth more, but no room for a file
  look();
  leave(16'600'000);
  look();
  append_ok("two", 2);
}

TEST_F(DiskReserveTest, ItsOwnFilesDoNotTakeTheDiskBelowIt) {
  open();
  leave(15'000'000 + 2 * options.segment_bytes + 100);
  append_large(1);
  append_large(2);
  expect_refused(append(std::string(3000, 'x'), 3));
  EXPECT_GE(files.space("/data")->available, 15'000'000u);
  EXPECT_EQ(names("segment-").size(), 2u);
}

TEST_F(DiskReserveTest, CanBeASizeAndCanBeNothing) {
  options.min_free = {.bytes = 50'000'000};
  open();
  leave(49'000'000);
  look();
  expect_refused(append("one", 1));
  journal->keep_free({});
  scheduler->run_ready();
  append_ok("one", 1);
  leave(10'000);
  look();
  append_ok("two", 1);
  journal->keep_free({.percent = 15});
  scheduler->run_ready();
  expect_refused(append("three", 1));
  leave(30'000'000);
  look();
  append_ok("three", 1);
}

TEST_F(DiskReserveTest, ADiskThatDoesNotTellCountsAsOneWithEnough) {
  files.tells_space = false;
  leave(10'000'000);
  open();
  look();
  append_ok("one", 1);
}

TEST_F(DiskReserveTest, WhatALaneCarriesOverIsTakenWhereThereIsRoom) {
  open();
  append_ok(std::string(3000, 'x'), 2);
  append_ok("small", 1);
  append_ok(std::string(3000, 'y'), 1);
  const JournalRecord first = read_record(arize());
  leave(14'000'000);
  look();
  std::optional<Status> carried;
  arize().carry_over(
      {.sequence = first.sequence, .payload = "the rest", .spans = 1, .ended = {.delivered = 1}},
      [&](Status status) { carried = std::move(status); });
  std::optional<Status> refused;
  journal->append("new", 1, [&](Status status) { refused = std::move(status); });
  scheduler->run_ready();
  ASSERT_TRUE(carried);
  EXPECT_TRUE(*carried) << carried->error().message;
  ASSERT_TRUE(refused);
  expect_refused(*refused);
}

}  // namespace
}  // namespace dualtrace::agent
