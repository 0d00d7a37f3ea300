// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/resource_attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

std::optional<std::set<std::string>> keys(std::string_view text) {
  return keys_of(text, [](std::string_view name) { return name == "POD"; });
}

TEST(ResourceAttributes, EncodeWhatHasAMeaningInTheText) {
  EXPECT_EQ(encode_attribute("web-1.blue/x:y@z(1)!~"), "web-1.blue/x:y@z(1)!~");
  EXPECT_EQ(encode_attribute("a,b;c=d%e f\"g\\h"), "a%2Cb%3Bc%3Dd%25e%20f%22g%5Ch");
  EXPECT_EQ(encode_attribute("Zoë\n"), "Zo%C3%AB%0A");
  EXPECT_EQ(encode_attribute("1+1's"), "1%2B1%27s");
  EXPECT_EQ(encode_attribute(""), "");
}

TEST(ResourceAttributes, NeverLetTheKubeletSeeAReferenceInAValue) {
  EXPECT_EQ(escape_references("costs $5 or $(PRICE) or $$"), "costs $$5 or $$(PRICE) or $$$$");
  EXPECT_EQ(encode_attribute("$(HOME)"), "$$(HOME)");
}

TEST(ResourceAttributes, JoinKeysAndValues) {
  EXPECT_EQ(join_attributes({}), "");
  EXPECT_EQ(join_attributes({{"a", "1"}, {"b=", "$(POD)"}}), "a=1,b%3D=$(POD)");
}

TEST(ResourceAttributes, HaveTheKeysThatAnSdkReads) {
  EXPECT_THAT(keys("team=support,service.name=web"), Optional(ElementsAre("service.name", "team")));
  EXPECT_THAT(keys(" team = support , a= "), Optional(ElementsAre("a", "team")));
  EXPECT_THAT(keys("a%2Cb=1"), Optional(ElementsAre("a,b")));
  EXPECT_THAT(keys("query=a=b"), Optional(ElementsAre("query")));
  EXPECT_THAT(keys(""), Optional(ElementsAre()));
  EXPECT_THAT(keys("  "), Optional(ElementsAre()));
}

TEST(ResourceAttributes, MayReferToOneWord) {
  EXPECT_THAT(keys("pod=$(POD),b=x-$(POD)-y"), Optional(ElementsAre("b", "pod")));
  EXPECT_THAT(keys("price=$$(POD),b=$5,c=$(POD"), Optional(ElementsAre("b", "c", "price")));
}

TEST(ResourceAttributes, HaveNoKeysThatCanBeToldWhenTheyReferToMore) {
  EXPECT_EQ(keys("$(ALL)"), std::nullopt);
  EXPECT_EQ(keys("a=1,b=$(ALL)"), std::nullopt);
  EXPECT_EQ(keys("$(POD)=1"), std::nullopt) << "a key that is computed when the pod starts";
}

TEST(ResourceAttributes, HaveNoKeysThatCanBeToldWhenSdksTakeThemForAnError) {
  for (const char* text : {"a", "a=1,", ",", "=1", " =1", "a=1,,b=2", "a=100%", "a=%zz", "%2=1"}) {
    EXPECT_EQ(keys(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace dualtrace::ctl
