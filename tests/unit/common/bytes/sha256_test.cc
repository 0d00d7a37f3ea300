// SPDX-License-Identifier: Apache-2.0
#include "common/bytes/sha256.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

TEST(Sha256, HasTheValuesOfTheStandardsExamples) {
  EXPECT_EQ(sha256_hex("abc", 64),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("", 12), "e3b0c44298fc");
}

}  // namespace
}  // namespace dualtrace
