// SPDX-License-Identifier: Apache-2.0
#include "common/net/request_target.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

TEST(RequestTarget, IsPathAndQueryOfAnAbsoluteForm) {
  EXPECT_EQ(origin_form("http://127.0.0.1:4318/v1/traces"), "/v1/traces");
  EXPECT_EQ(origin_form("HTTPS://user@[::1]:4318/v1/traces?a=b/c"), "/v1/traces?a=b/c");
  EXPECT_EQ(origin_form("http://agent"), "/");
  EXPECT_EQ(origin_form("http://agent?a=b"), "/");
}

TEST(RequestTarget, LeavesEveryOtherFormAlone) {
  for (const char* target : {"/v1/traces", "/http://agent/v1/traces", "*", "agent:4318", "",
                             "http:///v1/traces", "http:/v1/traces", "ftp://agent/v1/traces"}) {
    EXPECT_EQ(origin_form(target), target);
  }
}

}  // namespace
}  // namespace dualtrace
