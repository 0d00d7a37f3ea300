// SPDX-License-Identifier: Apache-2.0
#include "common/io/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace dualtrace {
namespace {

TEST(Crc32c, HasThePublishedCheckValue) { EXPECT_EQ(crc32c("123456789"), 0xE3069283u); }

TEST(Crc32c, HasTheValuesOfTheIscsiStandard) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
}

TEST(Crc32c, GoesOnWhereItStopped) { EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283u); }

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(crc32c(""), 0u); }

}  // namespace
}  // namespace dualtrace
