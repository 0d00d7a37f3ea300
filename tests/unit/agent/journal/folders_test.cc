// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/folders.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/io/posix_file_system.h"
#include "tests/fakes/temporary_folder.h"

namespace dualtrace::agent {
namespace {

class FoldersTest : public testing::Test {
 protected:
  static FolderRights of(const std::string& uid, std::vector<std::string> handed_over = {}) {
    return {.mine = {.uid = uid, .max_age = std::chrono::hours(72)},
            .handed_over = std::move(handed_over)};
  }
  // The paths of the adopted folders.
  std::vector<std::string> adopted_by(const FolderRights& who) {
    std::vector<std::string> paths;
    const auto found = adopt_folders(files, data, who);
    if (!found) return {found.error().message};
    for (const OwnedFolder& folder : found->adopted) paths.push_back(folder.path);
    return paths;
  }

  const TemporaryFolder temporary;
  const std::string root = temporary.path();
  const std::string data = root + "/data";
  PosixFileSystem files;
  FolderRights rights = of("export-1");
};

TEST_F(FoldersTest, TheFirstProcessMakesAFolderOfItsOwn) {
  const auto own = claim_folder(files, data, rights, 0x12ab);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->path, data + "/journal-2-00000000000012ab");
  EXPECT_TRUE(adopt_folders(files, data, rights)->adopted.empty());
}

TEST_F(FoldersTest, ARestartGoesOnInItsFolder) {
  { ASSERT_TRUE(claim_folder(files, data, rights, 1)); }
  EXPECT_EQ(claim_folder(files, data, rights, 2)->path, data + "/journal-2-0000000000000001");
}

TEST_F(FoldersTest, AnUpgradeGetsANewFolderAndAdoptsTheOldOneLater) {
  auto old_agent = claim_folder(files, data, rights, 1);
  ASSERT_TRUE(old_agent);
  const auto new_agent = claim_folder(files, data, rights, 2);
  ASSERT_TRUE(new_agent);
  EXPECT_NE(old_agent->path, new_agent->path);
  EXPECT_TRUE(adopt_folders(files, data, rights)->adopted.empty());
  old_agent->lock.reset();
  const auto adopted = adopt_folders(files, data, rights);
  ASSERT_TRUE(adopted);
  ASSERT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->adopted.front().path, old_agent->path);
  EXPECT_TRUE(adopt_folders(files, data, rights)->adopted.empty());
}

TEST_F(FoldersTest, ADrainedFolderGoesWithEverythingInIt) {
  auto folder = claim_folder(files, data, rights, 1);
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file(files, folder->path + "/cursor-arize", "x"));
  ASSERT_TRUE(write_file(files, folder->path + "/segment-0000000000000001", "x"));
  ASSERT_TRUE(remove_folder(files, *std::move(folder)));
  EXPECT_TRUE(files.list(data)->empty());
}

TEST_F(FoldersTest, OtherFoldersAreLeftAlone) {
  ASSERT_TRUE(files.make_folders(data + "/dead-letters"));
  ASSERT_TRUE(claim_folder(files, data, rights, 1));
  EXPECT_EQ(files.list(data + "/dead-letters")->size(), 0u);
  EXPECT_EQ(adopt_folders(files, data, rights)->adopted.size(), 1u);
}

// The previous version looks for journal-<16 hex> and cannot read the current format.
TEST_F(FoldersTest, AFolderOfTheVersionBeforeIsRenamedWhenItIsTakenUp) {
  ASSERT_TRUE(files.make_folders(data + "/journal-0000000000000007"));
  ASSERT_TRUE(write_file(files, data + "/journal-0000000000000007/cursor-arize", "x"));
  ASSERT_TRUE(files.make_folders(data + "/journal-0000000000000008"));
  const auto own = claim_folder(files, data, rights, 1);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->path, data + "/journal-2-0000000000000007");
  EXPECT_FALSE(own->is_new);
  EXPECT_TRUE(read_file(files, own->path + "/cursor-arize", 10));
  const auto adopted = adopt_folders(files, data, rights);
  ASSERT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->adopted.front().path, data + "/journal-2-0000000000000008");
  EXPECT_TRUE(adopt_folders(files, data, rights)->adopted.empty());
}

// A later export of the same name, which may belong to another tenant.
TEST_F(FoldersTest, AnotherExportTakesUpNothing) {
  const std::string left = claim_folder(files, data, rights, 1)->path;
  const auto own = claim_folder(files, data, of("export-2"), 2);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->is_new);
  const auto found = adopt_folders(files, data, of("export-2"));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->adopted.empty());
  EXPECT_TRUE(found->failed.empty());
  ASSERT_EQ(found->foreign.size(), 1u);
  EXPECT_EQ(found->foreign.front().path, left);
  EXPECT_EQ(found->foreign.front().mark, rights.mine);
  // The first export's own agent, if it comes back.
  EXPECT_EQ(claim_folder(files, data, rights, 3)->path, left);
}

TEST_F(FoldersTest, AnotherExportTakesUpWhatIsHandedOverAndOwnsItThen) {
  const std::string left = claim_folder(files, data, rights, 1)->path;
  EXPECT_TRUE(adopted_by(of("export-2", {"export-0"})).empty());
  EXPECT_EQ(adopted_by(of("export-2", {"export-0", "export-1"})), std::vector<std::string>{left});
  EXPECT_TRUE(adopted_by(rights).empty());
  EXPECT_EQ(adopted_by(of("export-2")), std::vector<std::string>{left});
}

// Agents of the previous release leave folders without a mark.
TEST_F(FoldersTest, AFolderWithoutAMarkBelongsToTheExportThatIsThere) {
  const std::string left = claim_folder(files, data, FolderRights(), 1)->path;
  EXPECT_EQ(*read_mark(files, left), std::nullopt);
  EXPECT_EQ(adopted_by(rights), std::vector<std::string>{left});
  EXPECT_EQ(*read_mark(files, left), rights.mine);
  EXPECT_TRUE(adopted_by(of("export-2")).empty());
}

TEST_F(FoldersTest, AnAgentWithoutAnExportTakesUpEveryFolder) {
  const std::string left = claim_folder(files, data, rights, 1)->path;
  EXPECT_EQ(adopted_by(FolderRights()), std::vector<std::string>{left});
  EXPECT_EQ(*read_mark(files, left), rights.mine);
}

TEST_F(FoldersTest, AMarkFollowsTheAgeThatTheExportKeepsSpansFor) {
  FolderRights patient = rights;
  patient.mine.max_age = std::chrono::hours(100);
  { ASSERT_TRUE(claim_folder(files, data, rights, 1)); }
  const auto own = claim_folder(files, data, patient, 2);
  ASSERT_TRUE(own);
  EXPECT_FALSE(own->is_new);
  EXPECT_EQ(*read_mark(files, own->path), patient.mine);
}

TEST_F(FoldersTest, AMarkThatSaysNothingKeepsTheFolderFromEverybody) {
  const std::string left = claim_folder(files, data, rights, 1)->path;
  for (const char* text : {"", "uid \nmaxAgeSeconds 1\n", "uid a\n", "uid a\nmaxAgeSeconds -1\n",
                           "uid a\nmaxAgeSeconds 1h\n"}) {
    ASSERT_TRUE(write_file(files, left + "/owner", text));
    const auto found = adopt_folders(files, data, rights);
    ASSERT_TRUE(found) << text;
    EXPECT_TRUE(found->adopted.empty()) << text;
    EXPECT_EQ(found->failed.size(), 1u) << text;
    EXPECT_TRUE(claim_folder(files, data, rights, 2)->is_new) << text;
    std::filesystem::remove_all(data + "/journal-2-0000000000000002");
  }
}

TEST_F(FoldersTest, AForeignFolderCanBeLockedOnlyWithoutItsAgent) {
  auto agent = claim_folder(files, data, rights, 1);
  ASSERT_TRUE(agent);
  const ForeignFolder folder{agent->path, rights.mine};
  EXPECT_EQ(lock_foreign(files, folder).error().kind, ErrorKind::kConflict);
  agent->lock.reset();
  auto locked = lock_foreign(files, folder);
  ASSERT_TRUE(locked);
  ASSERT_TRUE(remove_folder(files, *std::move(locked)));
  EXPECT_TRUE(files.list(data)->empty());
}

TEST_F(FoldersTest, OneThatCannotBeLockedKeepsNeitherTheAgentNorOtherFoldersFromTheirWork) {
  ASSERT_TRUE(files.make_folders(data + "/journal-2-0000000000000001/lock"));  // not a file
  ASSERT_TRUE(files.make_folders(data + "/journal-2-0000000000000002"));
  const auto adopted = adopt_folders(files, data, rights);
  ASSERT_TRUE(adopted);
  EXPECT_EQ(adopted->adopted.size(), 1u);
  EXPECT_EQ(adopted->failed.size(), 1u);
  const auto own = claim_folder(files, data, rights, 3);
  ASSERT_TRUE(own);
  EXPECT_TRUE(own->is_new);
}

}  // namespace
}  // namespace dualtrace::agent
