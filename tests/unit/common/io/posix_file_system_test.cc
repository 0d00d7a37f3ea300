// SPDX-License-Identifier: Apache-2.0
#include "common/io/posix_file_system.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>

#include "tests/fakes/temporary_folder.h"

namespace dualtrace {
namespace {

class PosixFileSystemTest : public testing::Test {
 protected:
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  PosixFileSystem files;
};

TEST_F(PosixFileSystemTest, WritesManyPiecesAndReadsThemBack) {
  const auto file = files.open(folder + "/a", OpenMode::kCreate);
  ASSERT_TRUE(file);
  std::string expected;
  std::vector<std::string> parts;
  for (int i = 0; i < 1000; ++i)
    parts.push_back(std::string(i % 7, static_cast<char>('a' + i % 26)));
  const std::vector<std::string_view> pieces(parts.begin(), parts.end());
  for (const std::string_view piece : pieces) expected += piece;
  ASSERT_TRUE((*file)->write_at(10, pieces));
  ASSERT_TRUE((*file)->sync());
  std::string read(expected.size() + 100, '?');
  const Result<size_t> n = (*file)->read_at(10, read);
  ASSERT_TRUE(n);
  EXPECT_EQ(read.substr(0, *n), expected);
  EXPECT_EQ(*(*file)->size(), expected.size() + 10);
}

TEST_F(PosixFileSystemTest, AllocatesWithoutShrinking) {
  const auto file = files.open(folder + "/a", OpenMode::kCreate);
  ASSERT_TRUE((*file)->allocate(100'000));
  ASSERT_TRUE((*file)->allocate(10));
  EXPECT_EQ(*(*file)->size(), 100'000u);
}

TEST_F(PosixFileSystemTest, SaysWhatIsMissing) {
  EXPECT_EQ(files.open(folder + "/none", OpenMode::kRead).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(files.open(folder + "/none", OpenMode::kReadWrite).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(files.list(folder + "/none").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(files.remove(folder + "/none").error().kind, ErrorKind::kNotFound);
}

TEST_F(PosixFileSystemTest, MakesListsRenamesAndRemoves) {
  ASSERT_TRUE(files.make_folders(folder + "/x/y/z"));
  ASSERT_TRUE(files.make_folders(folder + "/x/y/z"));
  ASSERT_TRUE(write_file(files, folder + "/x/b", "two"));
  ASSERT_TRUE(write_file(files, folder + "/x/a", "one"));
  EXPECT_EQ(*files.list(folder + "/x"), (std::vector<std::string>{"a", "b", "y"}));
  ASSERT_TRUE(files.rename(folder + "/x/a", folder + "/x/b"));
  EXPECT_EQ(*read_file(files, folder + "/x/b", 10), "one");
  EXPECT_EQ(files.remove(folder + "/x").error().kind, ErrorKind::kConflict);
  ASSERT_TRUE(files.remove(folder + "/x/y/z"));
  ASSERT_TRUE(files.sync_folder(folder + "/x"));
}

TEST_F(PosixFileSystemTest, TellsWhatTheSystemLacksFromWhatTheDiskSays) {
  ASSERT_TRUE(write_file(files, folder + "/a", "x"));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const Error out_of_descriptors = files.open(folder + "/a", OpenMode::kRead).error();
  const Error unlisted = files.list(folder).error();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(out_of_descriptors.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(unlisted.kind, ErrorKind::kUnavailable);
  EXPECT_EQ(files.open(folder + "/b", OpenMode::kRead).error().kind, ErrorKind::kNotFound);
  // A read that fails because of the caller's mistake is not damage.
  const auto opened_folder = files.open(folder, OpenMode::kRead);
  ASSERT_TRUE(opened_folder);
  std::string bytes(1, '\0');
  EXPECT_EQ((*opened_folder)->read_at(0, bytes).error().kind, ErrorKind::kInternal);
}

TEST_F(PosixFileSystemTest, AFolderThatWasMadeAnewIsAnotherOne) {
  ASSERT_TRUE(files.make_folders(folder + "/data"));
  const auto before = files.identity(folder + "/data");
  if (!before && before.error().kind == ErrorKind::kInternal) {
    GTEST_SKIP() << before.error().message;
  }
  ASSERT_TRUE(files.make_folders(folder + "/data/journal"));
  EXPECT_EQ(files.identity(folder + "/data").value(), before.value());
  // Moved, not removed: one that is created within the same tick of the clock could get its inode.
  ASSERT_TRUE(files.rename(folder + "/data", folder + "/old"));
  EXPECT_EQ(files.identity(folder + "/data").error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(files.make_folders(folder + "/data"));
  EXPECT_NE(files.identity(folder + "/data").value(), before.value());
}

TEST_F(PosixFileSystemTest, ALockIsHeldUntilItsHolderLetsGo) {
  auto first = files.try_lock(folder + "/lock");
  ASSERT_TRUE(first);
  EXPECT_EQ(files.try_lock(folder + "/lock").error().kind, ErrorKind::kConflict);
  first->reset();
  EXPECT_TRUE(files.try_lock(folder + "/lock"));
}

}  // namespace
}  // namespace dualtrace
