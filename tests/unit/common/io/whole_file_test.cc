// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/fakes/memory_file_system.h"

namespace dualtrace {
namespace {

TEST(WholeFile, IsReadUpToItsLimit) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.make_folders("/d"));
  ASSERT_TRUE(write_file(files, "/d/a", "12345"));
  EXPECT_EQ(*read_file(files, "/d/a", 5), "12345");
  EXPECT_EQ(read_file(files, "/d/a", 4).error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(read_file(files, "/d/b", 4).error().kind, ErrorKind::kNotFound);
}

TEST(WholeFile, IsWholeAfterACrash) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.make_folders("/d"));
  ASSERT_TRUE(write_file(files, "/d/a", "the old and longer content"));
  ASSERT_TRUE(write_file(files, "/d/a", "new"));
  files.crash();
  EXPECT_EQ(*read_file(files, "/d/a", 100), "new");
  EXPECT_EQ(*files.list("/d"), std::vector<std::string>{"a"});
}

TEST(WholeFile, KeepsTheOldContentWhenTheNewOneCannotBeWritten) {
  MemoryFileSystem files;
  ASSERT_TRUE(files.make_folders("/d"));
  ASSERT_TRUE(write_file(files, "/d/a", "old"));
  files.fail_sync_in = 1;
  EXPECT_FALSE(write_file(files, "/d/a", "new"));
  EXPECT_EQ(*read_file(files, "/d/a", 100), "old");
}

}  // namespace
}  // namespace dualtrace
