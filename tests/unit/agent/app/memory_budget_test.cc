// SPDX-License-Identifier: Apache-2.0
#include "agent/app/memory_budget.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "tests/fakes/temporary_folder.h"

namespace dualtrace::agent {
namespace {

constexpr uint64_t kMebibyte = 1ULL << 20;

class MemoryBudgetTest : public testing::Test {
 protected:
  void set_limit(const std::string& text) const {
    std::ofstream(folder_.path() / "memory.max") << text << "\n";
  }
  void set_limit(uint64_t mebibytes) const { set_limit(std::to_string(mebibytes * kMebibyte)); }
  [[nodiscard]] std::unique_ptr<MemoryBudget> start() const {
    ReceiverLimits configured;
    configured.memory_bytes = 256 * kMebibyte;
    return std::make_unique<MemoryBudget>(
        configured,
        CgroupFiles{.membership = folder_.file("cgroup", "0::/\n"), .root = folder_.path()});
  }

 private:
  const TemporaryFolder folder_;
};

TEST_F(MemoryBudgetTest, IsWhatTheContainerAllowsAtTheStart) {
  set_limit(1024);
  EXPECT_EQ(start()->admission().bytes_max(), 256 * kMebibyte);
  set_limit(256);
  const auto memory = start();
  EXPECT_EQ(memory->admission().bytes_max(), 128 * kMebibyte);
  EXPECT_EQ(memory->limits().memory_bytes, 128 * kMebibyte);
}

TEST_F(MemoryBudgetTest, FollowsAContainerThatIsResized) {
  set_limit(1024);
  const auto memory = start();
  set_limit(192);
  memory->follow_limit();
  EXPECT_EQ(memory->admission().bytes_max(), 64 * kMebibyte);
  AgentSnapshot snapshot;
  memory->write_to(snapshot);
  EXPECT_EQ(snapshot.memory_limit, 192 * kMebibyte);
  EXPECT_EQ(snapshot.admission_bytes_max, 64 * kMebibyte);
  EXPECT_EQ(snapshot.admission_bytes_configured, 256 * kMebibyte);

  set_limit("max");
  memory->follow_limit();
  EXPECT_EQ(memory->admission().bytes_max(), 256 * kMebibyte);
  memory->write_to(snapshot);
  EXPECT_EQ(snapshot.memory_limit, 0U);
}

TEST_F(MemoryBudgetTest, KeepsWhatWasAdmittedBeforeItWasReduced) {
  set_limit(1024);
  const auto memory = start();
  const Result<Ticket> held = memory->admission().admit(200 * kMebibyte);
  ASSERT_TRUE(held);
  set_limit(192);
  memory->follow_limit();
  EXPECT_EQ(held->bytes(), 200 * kMebibyte);
  EXPECT_EQ(memory->admission().admit(1).error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace dualtrace::agent
