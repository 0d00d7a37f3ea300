// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/jwt.h"

#include <gtest/gtest.h>

#include "tests/unit/sandbox/issuer.h"

namespace dualtrace::sandbox {
namespace {

using nlohmann::json;

const json kClaims{{"iss", "https://issuer"},
                   {"sub", "system:serviceaccount:observability:agents"},
                   {"aud", {"databricks"}},
                   {"exp", 2000000000},
                   {"nbf", 1900000000}};

TEST(Jwt, SaysWhoItIsAboutAndUntilWhen) {
  const Issuer issuer;
  const auto claims = read_claims(issuer.sign(kClaims));
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->issuer, "https://issuer");
  EXPECT_EQ(claims->subject, "system:serviceaccount:observability:agents");
  EXPECT_EQ(claims->audiences, std::vector<std::string>{"databricks"});
  EXPECT_EQ(unix_nanos(claims->expires) / 1'000'000'000, 2000000000);
  EXPECT_EQ(unix_nanos(claims->not_before) / 1'000'000'000, 1900000000);
}

TEST(Jwt, MayHaveOneAudienceAsText) {
  json claims = kClaims;
  claims["aud"] = "one";
  EXPECT_EQ(read_claims(Issuer().sign(claims))->audiences, std::vector<std::string>{"one"});
}

TEST(Jwt, IsRefusedWhenItIsNone) {
  for (const char* token : {"", "a.b", "a.b.c.d", "e30.e30.", "!.!.!", "W10.W10.AA"})
    EXPECT_FALSE(read_claims(token)) << token;
  json endless = kClaims;
  endless.erase("exp");
  EXPECT_FALSE(read_claims(Issuer().sign(endless)));
}

TEST(Jwt, IsCheckedAgainstTheKeysOfItsIssuer) {
  const Issuer issuer;
  const std::string token = issuer.sign(kClaims);
  EXPECT_TRUE(check_signature(token, issuer.jwks().dump()));
  EXPECT_FALSE(check_signature(token, Issuer().jwks().dump()));         // same name, other key
  EXPECT_FALSE(check_signature(token, Issuer("other").jwks().dump()));  // no such name
  EXPECT_FALSE(check_signature(token, "{}"));
}

TEST(Jwt, IsRefusedWhenItWasChangedOrSignedOtherwise) {
  const Issuer issuer;
  const std::string jwks = issuer.jwks().dump();
  json other = kClaims;
  other["sub"] = "somebody else";
  const std::string token = issuer.sign(kClaims);
  const std::string foreign = issuer.sign(other);
  const std::string mixed = foreign.substr(0, foreign.rfind('.')) + token.substr(token.rfind('.'));
  EXPECT_FALSE(check_signature(mixed, jwks));
  EXPECT_FALSE(check_signature(issuer.sign(kClaims, "none"), jwks));
  EXPECT_FALSE(check_signature(issuer.sign(kClaims, "HS256"), jwks));
}

}  // namespace
}  // namespace dualtrace::sandbox
