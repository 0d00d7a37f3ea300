// SPDX-License-Identifier: Apache-2.0
#include "agent/app/clean_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/io/posix_file_system.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/temporary_folder.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Contains;
using testing::HasSubstr;

namespace fs = std::filesystem;

class CleanNodeTest : public testing::Test {
 protected:
  CleanNodeTest() { clock.wall_start = SystemClock().wall() - clock.elapsed; }

  static FolderRights rights_of(const std::string& uid) {
    return {.mine = {.uid = uid, .max_age = hours(72)}, .handed_over = {}};
  }
  [[nodiscard]] std::string home(const std::string& name) const { return node + "/" + name; }
  static void write(const std::string& path) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << "prompts";
  }
  OwnedFolder make_journal(const std::string& name, const std::string& uid, uint64_t number) {
    auto folder = claim_folder(files, home(name), rights_of(uid), number);
    EXPECT_TRUE(folder);
    write(folder->path + "/segment-0000000000000001");
    return *std::move(folder);
  }
  Status clean(CleanNodeOptions options) {
    options.folder = node;
    return CleanNode(std::move(options), files, clock,
                     [this](const std::string& line) { said.push_back(line); })
        .clean();
  }

  const TemporaryFolder temporary;
  std::string node = temporary.path();
  PosixFileSystem files;
  FakeClock clock;
  std::vector<std::string> said;
};

TEST_F(CleanNodeTest, EmptiesANodeOfWhatAgentsLeft) {
  const std::string journal = make_journal("team-a/agents-dualtrace", "a", 1).path;
  make_journal("team-b/agents-dualtrace", "b", 1);
  write(home("team-b/agents-dualtrace/dead-letters/arize/1.jsonl"));
  write(home("team-c/other/notes"));
  ASSERT_TRUE(clean({}));
  EXPECT_THAT(said, Contains(HasSubstr("removed " + journal)));
  EXPECT_EQ(said.size(), 3u);
  EXPECT_FALSE(fs::exists(home("team-a")));
  EXPECT_FALSE(fs::exists(home("team-b")));
  EXPECT_TRUE(fs::exists(home("team-c/other/notes")));
  EXPECT_TRUE(fs::exists(node));
}

TEST_F(CleanNodeTest, RemovesNothingWhileAnAgentLivesUnlessForced) {
  const OwnedFolder alive = make_journal("team-a/agents-dualtrace", "a", 1);
  const std::string dead = make_journal("team-b/agents-dualtrace", "b", 1).path;
  const Status refused = clean({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("team-a/agents-dualtrace"));
  EXPECT_TRUE(fs::exists(dead));
  ASSERT_TRUE(clean({.force = true}));
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_FALSE(fs::exists(alive.path));
}

TEST_F(CleanNodeTest, SaysOnlyWhatItWouldDoInADryRun) {
  const std::string dead = make_journal("team-a/agents-dualtrace", "a", 1).path;
  ASSERT_TRUE(clean({.dry_run = true}));
  EXPECT_THAT(said, Contains(HasSubstr("would remove " + dead)));
  EXPECT_TRUE(fs::exists(dead));
}

TEST_F(CleanNodeTest, TakesTheFolderOfOneExportToo) {
  node += "/";
  const std::string journal = make_journal("team-a/agents-dualtrace", "a", 1).path;
  CleanNode one({.folder = home("team-a/agents-dualtrace")}, files, clock,
                [](const std::string&) {});
  ASSERT_TRUE(one.clean());
  EXPECT_FALSE(fs::exists(journal));
  EXPECT_TRUE(fs::exists(home("team-a/agents-dualtrace")));
}

TEST_F(CleanNodeTest, FollowsNoLinks) {
  const std::string elsewhere = node + "-elsewhere";
  write(elsewhere + "/journal-2-0000000000000001/segment-0000000000000001");
  fs::create_directories(home("team-a/agents-dualtrace"));
  fs::create_directory_symlink(elsewhere, home("team-b"));
  fs::create_directory_symlink(elsewhere + "/journal-2-0000000000000001",
                               home("team-a/agents-dualtrace/journal-2-0000000000000001"));
  ASSERT_TRUE(clean({.force = true}));
  EXPECT_TRUE(fs::exists(elsewhere + "/journal-2-0000000000000001/segment-0000000000000001"));
  fs::remove_all(elsewhere);
}

TEST_F(CleanNodeTest, SaysThatThereIsNoSuchFolder) {
  node += "/nothing";
  EXPECT_EQ(clean({}).error().kind, ErrorKind::kInvalid);
}

TEST_F(CleanNodeTest, OfWhatIsExpiredLeavesWhatIsNotAndWhatAgentsHave) {
  const std::string dead = make_journal("team-a/agents-dualtrace", "a", 1).path;
  write(home("team-a/agents-dualtrace/dead-letters/arize/1.jsonl"));
  ASSERT_TRUE(write_mark(files, home("team-a/agents-dualtrace"), rights_of("a").mine));
  const OwnedFolder alive = make_journal("team-b/agents-dualtrace", "b", 1);
  const std::string unmarked = make_journal("team-c/agents-dualtrace", "", 1).path;
  ASSERT_TRUE(clean({.expired_only = true}));
  EXPECT_TRUE(fs::exists(dead));
  clock.advance(hours(73));
  ASSERT_TRUE(clean({.expired_only = true}));
  EXPECT_FALSE(fs::exists(home("team-a")));
  EXPECT_TRUE(fs::exists(alive.path));
  EXPECT_TRUE(fs::exists(unmarked));
  clock.advance(hours(8761));
  ASSERT_TRUE(clean({.expired_only = true}));
  EXPECT_FALSE(fs::exists(unmarked));
  EXPECT_TRUE(fs::exists(alive.path));
}

TEST_F(CleanNodeTest, OfWhatIsExpiredLeavesAJournalWhoseDamagedFileIsYoung) {
  const std::string dead = make_journal("team-a/agents-dualtrace", "a", 1).path;
  const auto old = fs::file_time_type::clock::now() - hours(100);
  fs::last_write_time(dead + "/segment-0000000000000001", old);
  write(dead + "/damaged-0000000000000002");
  ASSERT_TRUE(clean({.expired_only = true}));
  EXPECT_TRUE(fs::exists(dead));
  fs::last_write_time(dead + "/damaged-0000000000000002", old);
  ASSERT_TRUE(clean({.expired_only = true}));
  EXPECT_FALSE(fs::exists(dead));
}

TEST_F(CleanNodeTest, AgainAndAgainWaitsAnHourAndForTheClockToBeSteady) {
  const std::string dead = make_journal("team-a/agents-dualtrace", "a", 1).path;
  CleanNode node_cleaning({.folder = node, .expired_only = true, .again_and_again = true}, files,
                          clock, [](const std::string&) {});
  clock.wall_start += hours(24 * 3650);
  ASSERT_TRUE(node_cleaning.clean());
  clock.advance(minutes(50));
  clock.wall_start -= hours(24 * 3650);
  ASSERT_TRUE(node_cleaning.clean());
  clock.advance(hours(73));
  ASSERT_TRUE(node_cleaning.clean());
  EXPECT_TRUE(fs::exists(dead));
  clock.advance(hours(1));
  ASSERT_TRUE(node_cleaning.clean());
  EXPECT_FALSE(fs::exists(dead));
}

}  // namespace
}  // namespace dualtrace::agent
