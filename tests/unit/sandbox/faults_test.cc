// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/faults.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace dualtrace::sandbox {
namespace {

Fault parsed(std::string_view json) {
  auto fault = parse_fault(json);
  EXPECT_TRUE(fault) << fault.error().message;
  return **std::move(fault);
}

TEST(Faults, ApplyUntilTheirCountIsUsedUp) {
  FakeClock clock;
  Faults faults(clock);
  faults.set(Destination::kArize, parsed(R"({"kind": "blackhole", "count": 2})"));
  EXPECT_TRUE(faults.take(Destination::kArize, FaultKind::kBlackhole));
  EXPECT_TRUE(faults.peek(Destination::kArize, FaultKind::kBlackhole));
  EXPECT_TRUE(faults.take(Destination::kArize, FaultKind::kBlackhole));
  EXPECT_FALSE(faults.take(Destination::kArize, FaultKind::kBlackhole));
}

TEST(Faults, EndWithTheirTime) {
  FakeClock clock;
  Faults faults(clock);
  faults.set(Destination::kArize, parsed(R"({"kind": "slow", "ms": 5, "seconds": 1.5})"));
  clock.advance(std::chrono::milliseconds(1499));
  EXPECT_TRUE(faults.take(Destination::kArize, FaultKind::kSlow));
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(faults.take(Destination::kArize, FaultKind::kSlow));
}

TEST(Faults, BelongToOneDestination) {
  FakeClock clock;
  Faults faults(clock);
  faults.set(Destination::kArize, parsed(R"({"kind": "cut"})"));
  faults.set(Destination::kDatabricks, parsed(R"({"kind": "cut"})"));
  faults.clear(Destination::kArize);
  EXPECT_FALSE(faults.peek(Destination::kArize, FaultKind::kCut));
  EXPECT_TRUE(faults.peek(Destination::kDatabricks, FaultKind::kCut));
}

TEST(Faults, AreListedWithWhatIsLeftOfThem) {
  FakeClock clock;
  Faults faults(clock);
  faults.set(Destination::kArize, parsed(R"({"kind": "cut", "count": 3, "seconds": 2})"));
  EXPECT_EQ(faults.to_json(),
            R"({"arize":[{"count":3,"kind":"cut","seconds":2.0}],"databricks":[],"discovery":[],)"
            R"("token":[],"zerobus":[]})");
}

TEST(ParseFault, ReadsAStatusForBothLanguages) {
  const Fault http = parsed(R"({"kind": "status", "status": 503, "message": "m", "body": "b",
                                "retry_after": 7, "retry_info": 0.5})");
  EXPECT_EQ(http.answer.http_status, 503);
  EXPECT_EQ(http.answer.grpc_code, kGrpcUnavailable);
  EXPECT_EQ(http.answer.message, "m");
  EXPECT_EQ(http.answer.body, "b");
  EXPECT_EQ(http.answer.retry_after, "7");
  EXPECT_EQ(http.answer.retry_info_seconds, 0.5);
  EXPECT_FALSE(http.answer.accepted());
  EXPECT_EQ(parsed(R"({"kind": "status", "code": 8})").answer.http_status, 429);
  EXPECT_EQ(parsed(R"({"kind": "status", "code": 7})").answer.http_status, 403);
  EXPECT_EQ(
      parsed(R"({"kind": "status", "status": 429, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"})")
          .answer.retry_after,
      "Wed, 21 Oct 2026 07:28:00 GMT");
}

TEST(ParseFault, KnowsNone) {
  const auto none = parse_fault(R"({"kind": "none"})");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(ParseFault, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"", "[]", R"({})", R"({"kind": "fire"})", R"({"kind": "cut", "ms": 1})",
        R"({"kind": "slow"})", R"({"kind": "slow", "ms": "1"})", R"({"kind": "status"})",
        R"({"kind": "status", "status": 99})", R"({"kind": "cut", "store": "after"})",
        R"({"kind": "slow", "ms": 1, "store": "never"})", R"({"kind": "cut", "count": 0})",
        R"({"kind": "partial"})"})
    EXPECT_FALSE(parse_fault(text)) << text;
}

}  // namespace
}  // namespace dualtrace::sandbox
