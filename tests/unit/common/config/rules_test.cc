// SPDX-License-Identifier: Apache-2.0
#include "common/config/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dualtrace {
namespace {

TEST(Rules, KnowTheHostsOfZerobus) {
  for (const char* host :
       {"1234567890123456.zerobus.us-west-2.cloud.databricks.com",
        "1.zerobus.westeurope.azuredatabricks.net", "42.zerobus.us-central1.gcp.databricks.com"}) {
    EXPECT_TRUE(is_zerobus_host(host)) << host;
  }
}

// A lookalike host must never be sent a token unless somebody configured it explicitly.
TEST(Rules, TakeNoOtherHostForZerobus) {
  for (const char* host :
       {"", "zerobus", "1.zerobus", "1.zerobus.", "1.zerobus.cloud.databricks.com",
        "1.zerobus..cloud.databricks.com", ".zerobus.us-west-2.cloud.databricks.com",
        "x.zerobus.us-west-2.cloud.databricks.com",
        "1.zerobus.us-west-2.cloud.databricks.com.evil.test",
        "1.zerobus.us-west-2.evil-cloud.databricks.com",
        "1.zerobus.us-west-2.evilcloud.databricks.com", "1.zerobus.a.b.cloud.databricks.com",
        "1.zerobus.us_west.cloud.databricks.com", "1.zerobus.us/west.cloud.databricks.com",
        "1.zerobus.us@west.cloud.databricks.com", "1.zerobus.us-west-2.databricks.com",
        "1.evil.us-west-2.cloud.databricks.com", "1.zerobus.us-west-2.cloud.databricks.com.",
        "1.zerobus.US-WEST-2.cloud.databricks.com"}) {
    EXPECT_FALSE(is_zerobus_host(host)) << host;
  }
  EXPECT_FALSE(is_zerobus_host("1.zerobus." + std::string(64, 'r') + ".cloud.databricks.com"));
}

TEST(Rules, KnowWhatAnApplicationIdIs) {
  EXPECT_TRUE(check_client_id("6f1c2f6e-1111-4e1a-9d3c-0123456789ab"));
  EXPECT_TRUE(check_client_id("6F1C2F6E-1111-4E1A-9D3C-0123456789AB"));
  for (const char* text :
       {"", "my service principal", "a\nb", "a:b", "<application id>", "dose0123", "agents",
        "6f1c2f6e11114e1a9d3c0123456789ab", "6f1c2f6e-1111-4e1a-9d3c-0123456789ag",
        "NmYxYzJmNmUtMTExMS00ZTFhLTlkM2MtMDEyMzQ1Njc4OWFi", "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    EXPECT_FALSE(check_client_id(text)) << text;
  }
  const Status numeric = check_client_id("4711081512345678");
  ASSERT_FALSE(numeric);
  EXPECT_THAT(numeric.error().message, testing::HasSubstr("internal id"));
}

}  // namespace
}  // namespace dualtrace
