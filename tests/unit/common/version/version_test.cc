// SPDX-License-Identifier: Apache-2.0
#include "common/version/version.h"

#include <gtest/gtest.h>

#include <regex>

namespace dualtrace {
namespace {

TEST(Version, IsASemanticVersion) {
  EXPECT_TRUE(
      std::regex_match(std::string(version()), std::regex(R"(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)")))
      << version();
}

TEST(Version, LineNamesTheProgramTheVersionTheCommitAndItsDate) {
  const std::string line = version_line("some-program");
  EXPECT_EQ(line.find("some-program " + std::string(version()) + " (commit "), 0u) << line;
  const std::regex end(
      R"(.*\(commit ([0-9a-f]{12}(-dirty)?, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|unknown, unknown)\))");
  EXPECT_TRUE(std::regex_match(line, end)) << line;
}

}  // namespace
}  // namespace dualtrace
