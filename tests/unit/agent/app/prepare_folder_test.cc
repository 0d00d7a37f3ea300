// SPDX-License-Identifier: Apache-2.0
// Only root can change owners, so the tests that need two owners are skipped for other users.
// tests/component/prepare_folder_test.py covers the few capabilities that an init container has.

#include "agent/app/prepare_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dualtrace::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr FolderOwner kAgent{65532, 65532};
constexpr FolderOwner kEarlier{4711, 4711};

struct stat stat_of(const fs::path& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found;
}

FolderOwner owner_of(const fs::path& path) {
  const struct stat found = stat_of(path);
  return {found.st_uid, found.st_gid};
}

mode_t mode_of(const fs::path& path) { return stat_of(path).st_mode & 07777; }

class PrepareFolderTest : public testing::Test {
 protected:
  PrepareFolderTest() {
    fs::remove_all(base);
    fs::create_directory(base);
  }
  ~PrepareFolderTest() override { fs::remove_all(base); }

  static void give(const fs::path& path, FolderOwner whose) {
    ASSERT_EQ(::lchown(path.c_str(), whose.user, whose.group), 0);
  }
  // The files that an agent with another user ID left behind.
  void make_used_folder(FolderOwner whose) const {
    fs::create_directories(folder / "journal-1");
    std::ofstream(folder / "journal-1" / "segment") << "spans";
    std::ofstream(folder / "lock") << "";
    for (const auto& each : fs::recursive_directory_iterator(folder)) give(each.path(), whose);
    give(folder, whose);
    fs::permissions(folder, fs::perms::owner_all);
  }
  std::string refused() const {
    const Status status = prepare_folder(folder.string(), owner);
    EXPECT_FALSE(status.has_value());
    return status.has_value() ? "" : status.error().message;
  }

  const fs::path base =
      fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
  const fs::path folder = base / "dualtrace";
  const bool root = ::geteuid() == 0;
  const FolderOwner owner = root ? kAgent : FolderOwner{::geteuid(), ::getegid()};
};

TEST_F(PrepareFolderTest, MakesThePrivateFolderThatIsMissing) {
  ASSERT_TRUE(prepare_folder(folder.string() + "/", owner));
  EXPECT_EQ(owner_of(folder), owner);
  EXPECT_EQ(mode_of(folder), 0700u);
}

TEST_F(PrepareFolderTest, MakesAFolderPrivateThatTheKubeletMade) {
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms(0755));
  ASSERT_TRUE(prepare_folder(folder.string(), owner));
  EXPECT_EQ(owner_of(folder), owner);
  EXPECT_EQ(mode_of(folder), 0700u);
}

TEST_F(PrepareFolderTest, TouchesNothingThatIsRight) {
  ASSERT_TRUE(prepare_folder(folder.string(), owner));
  const timespec before = stat_of(folder).st_ctim;
  ASSERT_TRUE(prepare_folder(folder.string(), owner));
  EXPECT_EQ(stat_of(folder).st_ctim.tv_nsec, before.tv_nsec);
  EXPECT_EQ(stat_of(folder).st_ctim.tv_sec, before.tv_sec);
}

TEST_F(PrepareFolderTest, HandsOverWhatAnEarlierOwnerLeft) {
  if (!root) GTEST_SKIP() << "needs root";
  make_used_folder(kEarlier);
  ASSERT_TRUE(prepare_folder(folder.string(), owner));
  for (const fs::path& path :
       {folder, folder / "lock", folder / "journal-1", folder / "journal-1" / "segment"}) {
    EXPECT_EQ(owner_of(path), owner) << path;
  }
}

TEST_F(PrepareFolderTest, GoesOnWhereItWasInterrupted) {
  if (!root) GTEST_SKIP() << "needs root";
  make_used_folder(kEarlier);
  give(folder / "lock", owner);
  give(folder, {0, 0});
  ASSERT_TRUE(prepare_folder(folder.string(), owner));
  EXPECT_EQ(owner_of(folder / "journal-1" / "segment"), owner);
  EXPECT_EQ(owner_of(folder), owner);
}

TEST_F(PrepareFolderTest, RefusesASymbolicLinkInItsPlace) {
  fs::create_directory(base / "elsewhere");
  fs::permissions(base / "elsewhere", fs::perms(0755));
  fs::create_symlink("elsewhere", folder);
  EXPECT_THAT(refused(), HasSubstr("is a symbolic link"));
  EXPECT_FALSE(prepare_folder(folder.string() + "/", owner));
  EXPECT_EQ(mode_of(base / "elsewhere"), 0755u);
}

TEST_F(PrepareFolderTest, RefusesWhatIsNotAFolder) {
  std::ofstream(folder) << "text";
  EXPECT_THAT(refused(), HasSubstr("is not a folder"));
  EXPECT_FALSE(prepare_folder("/", owner));
  EXPECT_FALSE(prepare_folder("", owner));
}

TEST_F(PrepareFolderTest, GivesNothingAwayThatSomebodyPlanted) {
  if (!root) GTEST_SKIP() << "needs root";
  std::ofstream(base / "treasure") << "root's";
  make_used_folder(kEarlier);
  fs::create_symlink("../../treasure", folder / "journal-1" / "link");
  EXPECT_THAT(refused(), HasSubstr("journal-1/link is a symbolic link"));
  fs::remove(folder / "journal-1" / "link");
  fs::create_hard_link(base / "treasure", folder / "journal-1" / "link");
  EXPECT_THAT(refused(), HasSubstr("hard link"));
  fs::remove(folder / "journal-1" / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refused(), HasSubstr("neither a file nor a folder"));
  EXPECT_EQ(owner_of(base / "treasure"), (FolderOwner{0, 0}));
  EXPECT_NE(owner_of(folder), owner) << "an incomplete change does not look complete";
}

TEST(FolderOwner, IsTwoNumbers) {
  EXPECT_EQ(parse_owner("65532:65533").value(), (FolderOwner{65532, 65533}));
  EXPECT_EQ(parse_owner("0:0").value(), (FolderOwner{0, 0}));
  for (const char* text : {"", ":", "1", "1:", ":1", "1:2:3", "a:b", "-1:1", "1: 2", "1:2 ",
                           "4294967295:1", "4294967296:1"}) {
    EXPECT_FALSE(parse_owner(text)) << text;
  }
}

}  // namespace
}  // namespace dualtrace::agent
