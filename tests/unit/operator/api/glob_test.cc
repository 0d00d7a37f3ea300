// SPDX-License-Identifier: Apache-2.0
#include "operator/api/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace dualtrace::ctl {
namespace {

TEST(Glob, MatchesLiterally) {
  EXPECT_TRUE(matches_glob("otlp.arize.com", "otlp.arize.com", '.'));
  for (const char* other : {"otlpxarize.com", "otlp.arize.co", "otlp.arize.comm", "", "a"}) {
    EXPECT_FALSE(matches_glob("otlp.arize.com", other, '.')) << other;
  }
  EXPECT_TRUE(matches_glob("", "", '.'));
  EXPECT_FALSE(matches_glob("", "a", '.'));
}

TEST(Glob, OneStarStaysWithinAPart) {
  EXPECT_TRUE(matches_glob("*.databricks.com", "dbc-1.databricks.com", '.'));
  EXPECT_TRUE(matches_glob("dbc-*.databricks.com", "dbc-.databricks.com", '.'));
  EXPECT_TRUE(matches_glob("a*b*c", "axxbyyc", '.'));
  EXPECT_FALSE(matches_glob("*.databricks.com", "a.b.databricks.com", '.'));
  EXPECT_FALSE(matches_glob("*.databricks.com", "databricks.com", '.'));
  EXPECT_FALSE(matches_glob("*.databricks.com", "x.databricks.com.evil.example", '.'));
  EXPECT_FALSE(matches_glob("otlp.*", "otlp.arize.com", '.'));
  EXPECT_TRUE(matches_glob("a/*", "a/b.c", '/'));
  EXPECT_FALSE(matches_glob("a/*", "a/b/c", '/'));
}

TEST(Glob, TwoStarsCrossParts) {
  EXPECT_TRUE(matches_glob("**.databricks.com", "a.b.databricks.com", '.'));
  EXPECT_TRUE(matches_glob("**", "a.b", '.'));
  EXPECT_TRUE(matches_glob("a.**.z", "a.b.c.z", '.'));
  EXPECT_FALSE(matches_glob("**.databricks.com", "a.databricks.com.evil", '.'));
  EXPECT_FALSE(matches_glob("**.databricks.com", "evildatabricks.com", '.'));
}

TEST(Glob, WithoutASeparatorBothStarsAreTheSame) {
  EXPECT_TRUE(matches_glob("example.com/*", "example.com/a/b.c", 0));
  EXPECT_TRUE(matches_glob("*", "anything/at.all", 0));
}

TEST(Glob, TakesNoMoreThanItsLengthTimesTheTexts) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(2000, 'a'), '.'));
}

}  // namespace
}  // namespace dualtrace::ctl
