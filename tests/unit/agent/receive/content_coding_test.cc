// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/content_coding.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

TEST(ContentCoding, KnowsEverySpelling) {
  for (const char* list : {"", "identity", "Identity", " identity , identity", ","}) {
    EXPECT_EQ(content_coding(list), BodyEncoding::kIdentity) << list;
  }
  for (const char* list : {"gzip", "GZIP", "x-gzip", "X-GZip", " gzip ", "gzip, identity",
                           "identity,x-gzip", ",gzip,"}) {
    EXPECT_EQ(content_coding(list), BodyEncoding::kGzip) << list;
  }
}

TEST(ContentCoding, RefusesOthersAndOneOnTopOfAnother) {
  for (const char* list : {"br", "deflate", "gzip, gzip", "gzip, br", "x-gzip, gzip", "gzip;q=1"}) {
    EXPECT_EQ(content_coding(list), std::nullopt) << list;
  }
}

TEST(ContentCoding, OfGrpcIsOneName) {
  EXPECT_EQ(grpc_coding(""), BodyEncoding::kIdentity);
  EXPECT_EQ(grpc_coding("Gzip"), BodyEncoding::kGzip);
  for (const char* name : {"x-gzip", "gzip, identity", "br"}) {
    EXPECT_EQ(grpc_coding(name), std::nullopt) << name;
  }
}

TEST(ContentCoding, SaysWhatIsTaken) {
  EXPECT_TRUE(taken_content_codings().starts_with("identity, gzip"));
  EXPECT_TRUE(taken_grpc_codings().starts_with("identity,gzip"));
  EXPECT_EQ(taken_content_codings().find("x-gzip"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent
