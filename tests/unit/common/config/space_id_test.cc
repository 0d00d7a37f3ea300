// SPDX-License-Identifier: Apache-2.0
#include "common/config/space_id.h"

#include <gtest/gtest.h>

#include <string>

namespace dualtrace {
namespace {

TEST(SpaceId, AcceptsTheBase64OfASpace) {
  EXPECT_TRUE(check_space_id("U3BhY2U6MTIzNDU6YWJjZA=="));  // Space:12345:abcd
  EXPECT_TRUE(check_space_id("U3BhY2U6MTIzNDU6YWJjZA"));    // without padding
  EXPECT_TRUE(check_space_id("U3BhY2U6MTo+Pj4/"));          // Space:1:>>>?
}

TEST(SpaceId, RefusesASpaceName) {
  const Status status = check_space_id("my-team");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("stores nothing"), std::string::npos);
}

TEST(SpaceId, RefusesOtherBase64) {
  for (const char* text : {
           "",
           "U3BhY2U6",                  // Space:
           "U3BhY2U6OmFiY2Q=",          // Space::abcd
           "U3BhY2U6MTIzNDU=",          // Space:12345
           "U3BhY2U6MTIzNDU6",          // Space:12345:
           "U3BhY2U6YWJjOmFiY2Q=",      // Space:abc:abcd
           "TW9kZWw6MTIzNDU6YWJjZA==",  // Model:12345:abcd
           "U3BhY2U6MTIzNDU6YWJjZA===",
           "U3BhY2U6MTIzNDU6YWJjZA==\n",
           "U3BhY2U6MTIzNDU6YWJjZ",
       }) {
    EXPECT_FALSE(check_space_id(text)) << text;
  }
  EXPECT_FALSE(check_space_id("U3BhY2U6MTIzNDU6" + std::string(400, 'Y')));
}

TEST(SpaceId, NeverRepeatsTheText) {
  EXPECT_EQ(check_space_id("ak-secret").error().message.find("ak-secret"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace
