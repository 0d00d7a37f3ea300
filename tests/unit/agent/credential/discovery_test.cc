// SPDX-License-Identifier: Apache-2.0
#include "agent/credential/discovery.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

Json json(const char* text) { return parse_json(text).value(); }

TEST(Discovery, ReadsTheWorkspacesNumber) {
  EXPECT_EQ(read_workspace_id(json(R"({"workspace_id":"1234567890123456"})")).value(),
            "1234567890123456");
  EXPECT_EQ(read_workspace_id(json(R"({"workspace_id":42})")).value(), "42");
  for (const char* wrong :
       {"{}", R"({"workspace_id":""})", R"({"workspace_id":"1.evil.test/"})",
        R"({"workspace_id":-1})", R"({"workspace_id":null})", R"({"workspace_id":["1"]})",
        R"({"workspace_id":"123456789012345678901"})"}) {
    EXPECT_EQ(read_workspace_id(json(wrong)).error().kind, ErrorKind::kInvalid) << wrong;
  }
}

TEST(Discovery, ReadsTheRegionOrTakesItFromTheMetastoresId) {
  EXPECT_EQ(read_region(json(R"({"cloud":"AWS","region":"us-west-2"})")).value(),
            (Region{"aws", "us-west-2"}));
  EXPECT_EQ(read_region(json(R"({"global_metastore_id":"azure:westeurope:1-2-3"})")).value(),
            (Region{"azure", "westeurope"}));
  EXPECT_FALSE(read_region(json(R"({"global_metastore_id":"azure"})")));
  EXPECT_FALSE(read_region(json("{}")));
}

TEST(Discovery, MakesTheHostOfZerobus) {
  const auto host = [](const Region& region, const char* workspace) {
    return zerobus_origin("12", region, workspace)->authority.to_string();
  };
  EXPECT_EQ(host({"aws", "us-west-2"}, "dbc-a1b2c3d4-e5f6.cloud.databricks.com"),
            "12.zerobus.us-west-2.cloud.databricks.com:443");
  EXPECT_EQ(host({"", "westeurope"}, "adb-12.7.azuredatabricks.net"),
            "12.zerobus.westeurope.azuredatabricks.net:443");
  EXPECT_EQ(host({"gcp", "us-central1"}, "databricks.corp.example"),
            "12.zerobus.us-central1.gcp.databricks.com:443");
}

// A discovery document must not redirect a token to a host that belongs to somebody else.
TEST(Discovery, MakesNoOtherHost) {
  for (const char* region :
       {"evil.test/", "r.evil.test#", "r@evil.test", "a.b", "", "r:1", "R R"}) {
    EXPECT_FALSE(zerobus_origin("12", {"aws", region}, "x.cloud.databricks.com")) << region;
  }
  EXPECT_FALSE(zerobus_origin("12", {"moon", "r"}, "databricks.corp.example"));
  EXPECT_FALSE(zerobus_origin("1a", {"aws", "r"}, "x.cloud.databricks.com"));
}

TEST(Discovery, TakesTheWorkspacesNumberFromAHostThatHasIt) {
  EXPECT_EQ(workspace_id_of("12.zerobus.us-west-2.cloud.databricks.com"), "12");
  EXPECT_EQ(workspace_id_of("zerobus.corp.example"), "");
}

}  // namespace
}  // namespace dualtrace::agent
