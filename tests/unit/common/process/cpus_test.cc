// SPDX-License-Identifier: Apache-2.0
#include "common/process/cpus.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fakes/temporary_folder.h"

namespace dualtrace {
namespace {

class CpuQuota : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text << '\n';
  }

  const TemporaryFolder folder;
  const std::filesystem::path root = folder.path() / "cgroup";
};

TEST_F(CpuQuota, IsThatOfVersion2) {
  EXPECT_EQ(cpu_quota(root, "0::/\n"), std::nullopt);
  write("cpu.max", "max 100000");
  EXPECT_EQ(cpu_quota(root, "0::/\n"), std::nullopt);
  write("cpu.max", "150000 100000");
  EXPECT_EQ(cpu_quota(root, "0::/\n"), 1.5);
}

TEST_F(CpuQuota, IsTheSmallestOfThoseAbove) {
  write("kubepods/pod1/agent/cpu.max", "max 100000");
  write("kubepods/pod1/cpu.max", "200000 100000");
  write("kubepods/cpu.max", "800000 100000");
  EXPECT_EQ(cpu_quota(root, "0::/kubepods/pod1/agent\n"), 2);
  write("kubepods/pod1/agent/cpu.max", "50000 100000");
  EXPECT_EQ(cpu_quota(root, "0::/kubepods/pod1/agent\n"), 0.5);
  EXPECT_EQ(cpu_quota(root, "0::/elsewhere\n"), std::nullopt);
}

TEST_F(CpuQuota, IsThatOfVersion1) {
  const std::string groups = "5:memory:/pod\n4:cpu,cpuacct:/pod\n3:cpuset:/pod\n0::/\n";
  write("cpu,cpuacct/pod/cpu.cfs_quota_us", "-1");
  write("cpu,cpuacct/pod/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(root, groups), std::nullopt);
  write("cpu,cpuacct/pod/cpu.cfs_quota_us", "300000");
  EXPECT_EQ(cpu_quota(root, groups), 3);
  // In a container, its own group appears as the root, under either name.
  std::filesystem::remove_all(root);
  write("cpu/cpu.cfs_quota_us", "100000");
  write("cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(cpu_quota(root, groups), 1);
}

TEST_F(CpuQuota, IsNothingWhereNothingCanBeRead) {
  EXPECT_EQ(cpu_quota(root, ""), std::nullopt);
  EXPECT_EQ(cpu_quota(root, "nonsense\n0:\n:::\n"), std::nullopt);
  write("cpu.max", "nonsense");
  EXPECT_EQ(cpu_quota(root, "0::/\n"), std::nullopt);
}

TEST(UsableCpus, AreAtLeastOne) { EXPECT_GE(usable_cpus(), 1U); }

}  // namespace
}  // namespace dualtrace
