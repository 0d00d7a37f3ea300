#include "agent/journal/folders.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/io/posix_file_system.h"

namespace dualtrace::agent {
namespace {

class FoldersTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "dualtrace-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root = name;
    data = root + "/data";
  }
  void TearDown() override { std::filesystem::remove_all(root); }

  std::string root;
  std::string data;
  PosixFileSystem files;
};

TEST_F(FoldersTest, TheFirstProcessMakesAFolderOfItsOwn) {
  const auto own = claim_folder(files, data, 0x12ab);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->path, data + "/journal-2-00000000000012ab");
  EXPECT_TRUE(adopt_folders(files, data)->adopted.empty());
}

TEST_F(FoldersTest, ARestartGoesOnInItsFolder) {
  { ASSERT_TRUE(claim_folder(files, data, 1)); }
  EXPECT_EQ(claim_folder(files, data, 2)->path, data + "/journal-2-0000000000000001");
}

TEST_F(FoldersTest, AnUpgradeGetsANewFolderAndAdoptsTheOldOneLater) {
  auto old_agent = claim_folder(files, data, 1);
  ASSERT_TRUE(old_agent);
  const auto new_agent = claim_folder(files, data, 2);
  ASSERT_TRUE(new_agent);
  EXPECT_NE(old_agent->path, new_agent->path);
  EXPECT_TRUE(adopt_folders(files, data)->adopted.empty());
  old_agent->lock.reset();
  const auto adopted = adopt_folders(files, data);
  ASSERT_TRUE(adopted);
  ASSERT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->adopted.front().path, old_agent->path);
  EXPECT_TRUE(adopt_folders(files, data)->adopted.empty());
}

TEST_F(FoldersTest, ADrainedFolderGoesWithEverythingInIt) {
  auto folder = claim_folder(files, data, 1);
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file(files, folder->path + "/cursor-arize", "x"));
  ASSERT_TRUE(write_file(files, folder->path + "/segment-0000000000000001", "x"));
  ASSERT_TRUE(remove_folder(files, *std::move(folder)));
  EXPECT_TRUE(files.list(data)->empty());
}

TEST_F(FoldersTest, OtherFoldersAreLeftAlone) {
  ASSERT_TRUE(files.make_folders(data + "/dead-letters"));
  ASSERT_TRUE(claim_folder(files, data, 1));
  EXPECT_EQ(files.list(data + "/dead-letters")->size(), 0u);
  EXPECT_EQ(adopt_folders(files, data)->adopted.size(), 1u);
}

// An agent of the version before looks for journal-<16 hex>, and cannot read what is written now.
TEST_F(FoldersTest, AFolderOfTheVersionBeforeIsRenamedWhenItIsTakenUp) {
  ASSERT_TRUE(files.make_folders(data + "/journal-0000000000000007"));
  ASSERT_TRUE(write_file(files, data + "/journal-0000000000000007/cursor-arize", "x"));
  ASSERT_TRUE(files.make_folders(data + "/journal-0000000000000008"));
  const auto own = claim_folder(files, data, 1);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->path, data + "/journal-2-0000000000000007");
  EXPECT_FALSE(own->is_new);
  EXPECT_TRUE(read_file(files, own->path + "/cursor-arize", 10));
  const auto adopted = adopt_folders(files, data);
  ASSERT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->adopted.front().path, data + "/journal-2-0000000000000008");
  EXPECT_TRUE(adopt_folders(files, data)->adopted.empty());
}

TEST_F(FoldersTest, OneThatCannotBeLockedKeepsNeitherTheAgentNorOtherFoldersFromTheirWork) {
  ASSERT_TRUE(files.make_folders(data + "/journal-2-0000000000000001/lock"));  // not a file
  ASSERT_TRUE(files.make_folders(data + "/journal-2-0000000000000002"));
  const auto adopted = adopt_folders(files, data);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->failed.size(), 1u);
  const auto own = claim_folder(files, data, 3);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->is_new);
}

}  // namespace
}  // namespace dualtrace::agent
