// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/belonging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/time/rfc3339.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class BelongingTest : public testing::Test {
 protected:
  // Writes the Lease as the elector does.
  void put_lease(const std::string& holder) {
    world_.api.put(kube::kLeases, {{"metadata", {{"namespace", "system"}, {"name", "other"}}},
                                   {"spec",
                                    {{"holderIdentity", holder},
                                     {"leaseDurationSeconds", 15},
                                     {"renewTime", rfc3339_micros(world_.clock.wall())}}}});
  }
  std::string other(const Json& status) { return belonging_.other({{"status", status}}); }

  World world_;
  Belonging belonging_{world_.api, world_.clock, "system/own"};
};

const Json kClaimed = {{"operator", "system/other"}};

TEST_F(BelongingTest, AnExportIsOursThatNobodyClaimsOrWeDo) {
  EXPECT_EQ(belonging_.other(Json::object()), "");
  EXPECT_EQ(other(Json::object()), "");
  EXPECT_EQ(other({{"operator", "system/own"}}), "");
  EXPECT_TRUE(world_.api.calls().empty());
}

TEST_F(BelongingTest, AnExportIsAnothersWhoRuns) {
  put_lease("pod_1");
  EXPECT_EQ(other(kClaimed), "system/other");
  const size_t calls = world_.api.calls().size();
  EXPECT_EQ(other(kClaimed), "system/other");
  EXPECT_EQ(world_.api.calls().size(), calls) << "a thousand exports need one request";
}

TEST_F(BelongingTest, AnExportIsOursOnceTheOtherHasEnded) {
  EXPECT_EQ(other(kClaimed), "") << "without a Lease";
  put_lease("");
  world_.clock.advance(minutes(1));
  EXPECT_EQ(other(kClaimed), "") << "a released Lease";
  put_lease("pod_1");
  world_.clock.advance(seconds(31));
  EXPECT_EQ(other(kClaimed), "system/other");
  world_.clock.advance(minutes(3));
  EXPECT_EQ(other(kClaimed), "") << "an expired Lease";
}

TEST_F(BelongingTest, WhereTheLeaseCannotBeReadTheOtherIsTakenToRun) {
  world_.api.fail_next("get", kube::kLeases, {ErrorKind::kDenied, "no"});
  EXPECT_EQ(other(kClaimed), "system/other");
}

TEST_F(BelongingTest, WhoLeadsWithoutALeaseClaimsNothingAndMindsNobody) {
  put_lease("pod_1");
  Belonging alone(world_.api, world_.clock, "");
  EXPECT_EQ(alone.other({{"status", kClaimed}}), "");
}

}  // namespace
}  // namespace dualtrace::ctl
