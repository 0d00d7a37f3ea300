// SPDX-License-Identifier: Apache-2.0
#include "common/time/http_date.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

TEST(HttpDate, IsWrittenAsRfc9110Wants) {
  EXPECT_EQ(http_date(at(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(at(1709164799)), "Wed, 28 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(http_date(at(1709164800)), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(HttpDate, MovesWithTheSecond) {
  EXPECT_EQ(http_date(at(10) + std::chrono::milliseconds(999)), http_date(at(10)));
  EXPECT_EQ(http_date(at(11)), "Thu, 01 Jan 1970 00:00:11 GMT");
  EXPECT_EQ(http_date(at(10)), "Thu, 01 Jan 1970 00:00:10 GMT");  // the inverse
}

}  // namespace
}  // namespace dualtrace
