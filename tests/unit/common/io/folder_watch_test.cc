// SPDX-License-Identifier: Apache-2.0
#include "common/io/folder_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace dualtrace {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Woken = FolderWatch::Woken;

constexpr milliseconds kNow{0};
constexpr milliseconds kLong{60'000};  // never reached

class FolderWatchTest : public testing::Test {
 protected:
  ~FolderWatchTest() override { fs::remove_all(folder); }
  static void write(const fs::path& path) { std::ofstream(path) << "text"; }

  static fs::path made_folder() {
    fs::path made = fs::path(testing::TempDir()) /
                    testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directory(made);
    return made;
  }

  const fs::path folder = made_folder();
  FolderWatch watch{folder.string()};
};

TEST_F(FolderWatchTest, IsQuietWhileNothingChanges) {
  EXPECT_TRUE(watch.watching());
  EXPECT_EQ(watch.wait(kNow), Woken::kTimeout);
}

TEST_F(FolderWatchTest, TellsWhatWasWrittenReplacedAndRemoved) {
  write(folder / "a");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
  fs::rename(folder / "a", folder / "b");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
  fs::remove(folder / "b");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
  EXPECT_EQ(watch.wait(kNow), Woken::kTimeout);
}

TEST_F(FolderWatchTest, TellsTheSwapOfALinkAsKubernetesDoesIt) {
  fs::create_directory(folder / "..1");
  fs::create_symlink("..1", folder / "..data");
  while (watch.wait(kNow) == Woken::kChanged) {
  }
  fs::create_directory(folder / "..2");
  fs::create_symlink("..2", folder / "..data_tmp");
  fs::rename(folder / "..data_tmp", folder / "..data");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
}

TEST_F(FolderWatchTest, FindsAFolderThatWasReplaced) {
  fs::rename(folder, folder.string() + ".old");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
  fs::create_directory(folder);
  watch.wait(kNow);  // starts to watch it
  EXPECT_TRUE(watch.watching());
  write(folder / "a");
  EXPECT_EQ(watch.wait(kLong), Woken::kChanged);
  fs::remove_all(folder.string() + ".old");
}

TEST_F(FolderWatchTest, OnlyWaitsWhereThereIsNoFolder) {
  FolderWatch nowhere((folder / "nowhere").string());
  EXPECT_FALSE(nowhere.watching());
  EXPECT_EQ(nowhere.wait(milliseconds(1)), Woken::kTimeout);
}

TEST_F(FolderWatchTest, IsStoppedFromAnotherThread) {
  std::thread other([this] { watch.stop(); });
  EXPECT_EQ(watch.wait(kLong), Woken::kStopped);
  other.join();
  EXPECT_EQ(watch.wait(kLong), Woken::kStopped);
}

}  // namespace
}  // namespace dualtrace
