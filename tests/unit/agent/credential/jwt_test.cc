// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/jwt.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/credential/jwts.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;

TEST(Jwt, SaysWhomAPolicyHasToNameAndWhenItEnds) {
  const auto claims = read_jwt(projected_token(1'700'000'000)).value();
  EXPECT_EQ(claims.issuer, "https://issuer");
  EXPECT_EQ(claims.subject, "system:serviceaccount:a:b");
  EXPECT_EQ(claims.audiences, std::vector<std::string>{"account"});
  EXPECT_EQ(claims.expires, WallTime(seconds(1'700'000'000)));
}

TEST(Jwt, IsReadInEachFormThatIsMet) {
  EXPECT_EQ(read_jwt(jwt_of(R"({"aud":"one"})"))->audiences, std::vector<std::string>{"one"});
  EXPECT_EQ(read_jwt(jwt_of(R"({"exp":1700000000.75})"))->expires,
            WallTime(seconds(1'700'000'000)));
  std::string padded = jwt_of(R"({"sub":"a"})");
  padded.insert(padded.rfind('.'), "=");
  EXPECT_EQ(read_jwt(padded)->subject, "a");
  EXPECT_EQ(read_jwt(jwt_of(R"({"sub":"a?>~\u00ff"})"))->subject, "a?>~\xc3\xbf");
}

TEST(Jwt, TakesNoTimeThatMakesNoSense) {
  for (const char* exp : {"-1", "\"1700000000\"", "null", "[1]", "true"}) {
    EXPECT_EQ(read_jwt(jwt_of(R"({"exp":)" + std::string(exp) + "}"))->expires, std::nullopt)
        << exp;
  }
  EXPECT_EQ(read_jwt(jwt_of(R"({"exp":1e300})"))->expires, WallTime(seconds(7'258'118'400)));
}

TEST(Jwt, IsNotEverythingWithDots) {
  for (const std::string& text : {std::string(), std::string("dapi0123"), std::string("a.b"),
                                  std::string("a.b.c"), std::string(".."), jwt_of("[]"),
                                  jwt_of("no json"), jwt_of("{}") + std::string(64 * 1024, 'x')}) {
    EXPECT_FALSE(read_jwt(text)) << text.substr(0, 80);
  }
}

TEST(Jwt, BoundsItsAudiences) {
  std::string many = "\"0\"";
  for (int i = 1; i < 100; ++i) many += ",\"" + std::to_string(i) + "\"";
  EXPECT_EQ(read_jwt(jwt_of(R"({"aud":[)" + many + ",7]}"))->audiences.size(), 8u);
}

}  // namespace
}  // namespace dualtrace::agent
