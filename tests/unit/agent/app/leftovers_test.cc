// SPDX-License-Identifier: Apache-2.0
#include "agent/app/leftovers.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kData = "/data";

class LeftoversTest : public testing::Test {
 protected:
  LeftoversTest() { write_time(); }

  // Files written after this call get the clock's current time.
  void write_time() { files.unix_seconds = unix_nanos(clock.wall()) / 1'000'000'000; }
  // A journal that the previous export left behind, with one record.
  std::string leave_journal(uint64_t number) {
    const auto folder = claim_folder(files, kData, before, number);
    EXPECT_TRUE(folder);
    EXPECT_TRUE(write_file(files, folder->path + "/segment-0000000000000001", "spans"));
    EXPECT_TRUE(write_file(files, folder->path + "/cursor-arize", "x"));
    return folder->path;
  }
  void look(Leftovers& leftovers) { leftovers.look_at(adopt_folders(files, kData, now)->foreign); }
  // Repeats the periodic scan for that long.
  void look_for(Leftovers& leftovers, Duration duration) {
    const Tick until = clock.tick() + duration;
    for (; clock.tick() < until; clock.advance(minutes(10))) look(leftovers);
    look(leftovers);
  }

  MemoryFileSystem files;
  FakeClock clock;
  FolderRights before{.mine = {.uid = "export-1", .max_age = hours(72)}, .handed_over = {}};
  FolderRights now{.mine = {.uid = "export-2", .max_age = hours(1)}, .handed_over = {}};
};

TEST_F(LeftoversTest, GoWhenTheyAreOlderThanTheirOwnExportKeptSpans) {
  const std::string path = leave_journal(1);
  Leftovers leftovers(files, clock, kData);
  look_for(leftovers, hours(71));
  EXPECT_TRUE(files.exists(path + "/segment-0000000000000001"));
  look_for(leftovers, hours(3));
  EXPECT_FALSE(files.exists(path));
}

TEST_F(LeftoversTest, StayWhileTheirOwnAgentLives) {
  const std::string path = leave_journal(1);
  Leftovers leftovers(files, clock, kData);
  auto alive = claim_folder(files, kData, before, 2);
  ASSERT_TRUE(alive);
  ASSERT_EQ(alive->path, path);
  look_for(leftovers, hours(90));
  EXPECT_TRUE(files.exists(path));
  alive->lock.reset();
  look_for(leftovers, hours(2));
  EXPECT_FALSE(files.exists(path));
}

TEST_F(LeftoversTest, StayWhenTheirAgentHasWrittenSince) {
  const std::string path = leave_journal(1);
  Leftovers leftovers(files, clock, kData);
  look_for(leftovers, hours(73));
  write_time();
  ASSERT_TRUE(write_file(files, path + "/segment-0000000000000002", "more"));
  look_for(leftovers, hours(70));
  EXPECT_TRUE(files.exists(path));
}

// The node's clock is wrong until it synchronizes.
TEST_F(LeftoversTest, StayWhenTheClockOnlyJumps) {
  const std::string path = leave_journal(1);
  Leftovers leftovers(files, clock, kData);
  clock.wall_start += hours(24 * 365 * 10);
  look_for(leftovers, minutes(40));
  clock.wall_start -= hours(24 * 365 * 10);
  look_for(leftovers, minutes(40));
  clock.wall_start += hours(24 * 365 * 10);
  look_for(leftovers, minutes(40));
  clock.wall_start += hours(24);
  look_for(leftovers, minutes(40));
  EXPECT_TRUE(files.exists(path));
}

TEST_F(LeftoversTest, WithoutARecordGoSoon) {
  const std::string path = claim_folder(files, kData, before, 1)->path;
  Leftovers leftovers(files, clock, kData);
  look_for(leftovers, hours(2));
  EXPECT_FALSE(files.exists(path));
}

TEST_F(LeftoversTest, OfWhichAFileCannotBeRemovedAreTriedAgain) {
  const std::string path = leave_journal(1);
  Leftovers leftovers(files, clock, kData);
  files.on_call = [](const DiskOperation& operation) -> DiskFault {
    const bool it = operation.call == DiskCall::kRemove;
    return {.kind = it ? DiskFault::Kind::kFails : DiskFault::Kind::kNone};
  };
  look_for(leftovers, hours(90));
  EXPECT_TRUE(files.exists(path));
  files.on_call = {};
  look_for(leftovers, hours(2));
  EXPECT_FALSE(files.exists(path));
}

TEST_F(LeftoversTest, DeadLettersOfAnotherExportAreSetAsideAndGo) {
  const std::string letters = std::string(kData) + "/dead-letters";
  ASSERT_TRUE(files.make_folders(letters + "/arize"));
  ASSERT_TRUE(set_aside_dead_letters(files, kData, before));
  ASSERT_TRUE(write_file(files, letters + "/arize/1.jsonl", "a prompt"));
  ASSERT_TRUE(set_aside_dead_letters(files, kData, before));  // a restart
  EXPECT_TRUE(files.exists(letters + "/arize/1.jsonl"));
  ASSERT_TRUE(set_aside_dead_letters(files, kData, now));
  EXPECT_FALSE(files.exists(letters + "/arize/1.jsonl"));
  const std::string aside = std::string(kData) + "/dead-letters-of-export-1";
  EXPECT_TRUE(files.exists(aside + "/arize/1.jsonl"));
  Leftovers leftovers(files, clock, kData);
  look_for(leftovers, hours(71));
  EXPECT_TRUE(files.exists(aside + "/arize/1.jsonl"));
  look_for(leftovers, hours(3));
  EXPECT_FALSE(files.exists(aside));
}

TEST_F(LeftoversTest, DeadLettersThatAreHandedOverStay) {
  const std::string letter = std::string(kData) + "/dead-letters/arize/1.jsonl";
  ASSERT_TRUE(files.make_folders(std::string(kData) + "/dead-letters/arize"));
  ASSERT_TRUE(set_aside_dead_letters(files, kData, before));
  ASSERT_TRUE(write_file(files, letter, "a prompt"));
  now.handed_over = {"export-1"};
  ASSERT_TRUE(set_aside_dead_letters(files, kData, now));
  EXPECT_TRUE(files.exists(letter));
}

}  // namespace
}  // namespace dualtrace::agent
