// SPDX-License-Identifier: Apache-2.0
#include "common/kube/line_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace dualtrace::kube {
namespace {

struct Split {
  bool feed(std::string_view piece) {
    return splitter.feed(piece, [this](std::string line) { lines.push_back(std::move(line)); });
  }
  LineSplitter splitter{5};
  std::vector<std::string> lines;
};

TEST(LineSplitter, FindsTheSameLinesWhereverTheStreamIsCut) {
  const std::string stream = "ab\n\ncdefg\nh\nij";
  for (size_t first = 0; first <= stream.size(); ++first) {
    for (size_t second = first; second <= stream.size(); ++second) {
      Split split;
      EXPECT_TRUE(split.feed(std::string_view(stream).substr(0, first)));
      EXPECT_TRUE(split.feed(std::string_view(stream).substr(first, second - first)));
      EXPECT_TRUE(split.feed(std::string_view(stream).substr(second)));
      EXPECT_EQ(split.lines, (std::vector<std::string>{"ab", "cdefg", "h"}));
      EXPECT_TRUE(split.splitter.within_line());
    }
  }
}

TEST(LineSplitter, RefusesALineThatIsTooLong) {
  Split split;
  EXPECT_TRUE(split.feed("a\nbcd"));
  EXPECT_FALSE(split.feed("efg"));
  EXPECT_EQ(split.lines, std::vector<std::string>{"a"});
}

TEST(LineSplitter, KnowsWhetherALineIsOpen) {
  Split split;
  EXPECT_FALSE(split.splitter.within_line());
  EXPECT_TRUE(split.feed("a"));
  EXPECT_TRUE(split.splitter.within_line());
  EXPECT_TRUE(split.feed("\n"));
  EXPECT_FALSE(split.splitter.within_line());
}

}  // namespace
}  // namespace dualtrace::kube
