// SPDX-License-Identifier: Apache-2.0
#include "common/process/memory_limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/temporary_folder.h"

namespace dualtrace {
namespace {

class MemoryLimitTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = folder_.path() / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  [[nodiscard]] std::optional<uint64_t> limit() const {
    return memory_limit({.membership = folder_.path() / "cgroup", .root = folder_.path() / "fs"});
  }

 private:
  const TemporaryFolder folder_;
};

TEST_F(MemoryLimitTest, IsTheLeastOfTheCgroupAndThoseAboveIt) {
  write("cgroup", "0::/kubepods/pod1/agent\n");
  write("fs/kubepods/pod1/agent/memory.max", "300000000\n");
  write("fs/kubepods/pod1/memory.max", "200000000\n");
  write("fs/kubepods/memory.max", "max\n");
  EXPECT_EQ(limit(), 200000000u);
}

TEST_F(MemoryLimitTest, IsTheRootsInAContainer) {
  write("cgroup", "0::/\n");
  write("fs/memory.max", "201326592\n");
  EXPECT_EQ(limit(), 201326592u);
}

TEST_F(MemoryLimitTest, KnowsVersion1) {
  write("cgroup", "5:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n0::/\n");
  write("fs/memory/memory.limit_in_bytes", "100000000\n");  // the container's own, as the root
  EXPECT_EQ(limit(), 100000000u);
  write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(limit(), std::nullopt);
}

TEST_F(MemoryLimitTest, IsNothingWhereNothingCanBeRead) {
  EXPECT_EQ(limit(), std::nullopt);
  write("cgroup", "0::/a\nnonsense\n");
  EXPECT_EQ(limit(), std::nullopt);
  write("fs/a/memory.max", "many\n");
  EXPECT_EQ(limit(), std::nullopt);
}

}  // namespace
}  // namespace dualtrace
