// SPDX-License-Identifier: Apache-2.0
#include "agent/app/owner.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace dualtrace::agent {
namespace {

using std::chrono::hours;

class OwnerTest : public testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("DUALTRACE_EXPORT_UID");
    ::unsetenv("DUALTRACE_ADOPT_FROM");
  }
};

TEST_F(OwnerTest, IsNobodyWithoutTheVariables) {
  const FolderRights rights = rights_from_environment(hours(72));
  EXPECT_EQ(rights.mine.uid, "");
  EXPECT_TRUE(rights.handed_over.empty());
}

TEST_F(OwnerTest, IsTheExportThatThePodSays) {
  ::setenv("DUALTRACE_EXPORT_UID", "uid-1", 1);
  ::setenv("DUALTRACE_ADOPT_FROM", "uid-2,,uid-3,", 1);
  const FolderRights rights = rights_from_environment(hours(72));
  EXPECT_EQ(rights.mine, (FolderMark{.uid = "uid-1", .max_age = hours(72)}));
  EXPECT_EQ(rights.handed_over, (std::vector<std::string>{"uid-2", "uid-3"}));
}

}  // namespace
}  // namespace dualtrace::agent
