// SPDX-License-Identifier: Apache-2.0
#include "common/kube/election.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Standing = Election::Standing;

class ElectionTest : public testing::Test {
 protected:
  Election elector(const std::string& identity, Clock& own_clock) {
    return {{.lease = kKey, .identity = identity}, api, own_clock, 1};
  }
  Json spec() const { return api.find(kLeases, kKey)->at("spec"); }
  void fail_all(ErrorKind kind) {
    api.fault([kind](const FakeApi::Call&) { return Error{kind, "m"}; });
  }
  // Runs `what` while a call is in flight.
  void during(const std::string& verb, std::function<void()> what) {
    api.fault([verb, what = std::move(what)](const FakeApi::Call& call) -> std::optional<Error> {
      if (call.verb == verb) what();
      return std::nullopt;
    });
  }

  const ObjectKey kKey{"system", "operator"};
  FakeApi api;
  FakeClock clock;
  Election a = elector("a", clock);
  Election b = elector("b", clock);
};

TEST_F(ElectionTest, TheFirstMakesTheLeaseAndLeads) {
  const Election::Round round = a.round();
  EXPECT_EQ(round.standing, Standing::kLeading);
  EXPECT_FALSE(round.error);
  EXPECT_EQ(round.wait, seconds(2));
  EXPECT_TRUE(a.leadership()->leading());
  EXPECT_EQ(spec(), (Json{{"holderIdentity", "a"},
                          {"leaseDurationSeconds", 15},
                          {"leaseTransitions", 0},
                          {"acquireTime", "2023-11-14T23:13:20.000000Z"},
                          {"renewTime", "2023-11-14T23:13:20.000000Z"}}));
}

TEST_F(ElectionTest, ALeaderRenewsWithOneWrite) {
  a.round();
  api.forget_calls();
  clock.advance(seconds(2));
  EXPECT_EQ(a.round().standing, Standing::kLeading);
  ASSERT_EQ(api.calls().size(), 1u);
  EXPECT_EQ(api.calls()[0].verb, "update");
  EXPECT_EQ(spec()["renewTime"], "2023-11-14T23:13:22.000000Z");
  EXPECT_EQ(spec()["acquireTime"], "2023-11-14T23:13:20.000000Z");
  EXPECT_EQ(spec()["leaseTransitions"], 0);
}

TEST_F(ElectionTest, AFollowerWaitsAndDoesNotWrite) {
  a.round();
  api.forget_calls();
  const Election::Round round = b.round();
  EXPECT_EQ(round.standing, Standing::kFollowing);
  EXPECT_EQ(round.error->kind, ErrorKind::kConflict);
  EXPECT_GE(round.wait, seconds(2));
  EXPECT_LE(round.wait, milliseconds(4400));
  EXPECT_FALSE(b.leadership()->leading());
  EXPECT_EQ(b.holder(), "a");
  EXPECT_TRUE(api.writes().empty());
}

TEST_F(ElectionTest, AFollowerTakesOverWhenTheLeaseDidNotChangeForItsDuration) {
  a.round();
  clock.advance(seconds(5));
  b.round();  // it sees the lease for the first time
  clock.advance(seconds(15) - milliseconds(1));
  EXPECT_EQ(b.round().standing, Standing::kFollowing);
  clock.advance(milliseconds(1));
  EXPECT_EQ(b.round().standing, Standing::kLeading);
  EXPECT_EQ(spec()["holderIdentity"], "b");
  EXPECT_EQ(spec()["leaseTransitions"], 1);
  EXPECT_EQ(spec()["acquireTime"], spec()["renewTime"]);
}

TEST_F(ElectionTest, WallClocksDoNotMatter) {
  FakeClock future;
  future.wall_start += std::chrono::hours(1000);
  Election late = elector("late", future);
  a.round();
  EXPECT_EQ(late.round().standing, Standing::kFollowing);
  for (int i = 0; i < 20; ++i) {
    clock.advance(seconds(2));
    future.advance(seconds(2));
    EXPECT_EQ(a.round().standing, Standing::kLeading);
    EXPECT_EQ(late.round().standing, Standing::kFollowing);
  }
}

TEST_F(ElectionTest, BelievesALeaseForAsLongAsItsHolderSays) {
  api.put(kLeases, {{"metadata", {{"namespace", "system"}, {"name", "operator"}}},
                    {"spec", {{"holderIdentity", "x"}, {"leaseDurationSeconds", 60}}}});
  a.round();
  clock.advance(seconds(59));
  EXPECT_EQ(a.round().standing, Standing::kFollowing);
  clock.advance(seconds(1));
  EXPECT_EQ(a.round().standing, Standing::kLeading);
}

TEST_F(ElectionTest, BelievesALeaseWithoutDurationForItsOwn) {
  api.put(kLeases, {{"metadata", {{"namespace", "system"}, {"name", "operator"}}},
                    {"spec", {{"holderIdentity", "x"}}}});
  a.round();
  clock.advance(seconds(14));
  EXPECT_EQ(a.round().standing, Standing::kFollowing);
  clock.advance(seconds(1));
  EXPECT_EQ(a.round().standing, Standing::kLeading);
}

TEST_F(ElectionTest, SomebodysLabelIsNoSignOfLife) {
  a.round();
  b.round();
  clock.advance(seconds(14));
  Json lease = *api.find(kLeases, kKey);
  lease["metadata"]["labels"]["team"] = "x";
  api.put(kLeases, lease);
  EXPECT_EQ(b.round().standing, Standing::kFollowing);
  clock.advance(seconds(1));
  EXPECT_EQ(b.round().standing, Standing::kLeading);
  EXPECT_EQ((*api.find(kLeases, kKey))["metadata"]["labels"]["team"], "x");
}

TEST_F(ElectionTest, ALeaderRenewsThroughAChangeBySomebody) {
  a.round();
  Json lease = *api.find(kLeases, kKey);
  lease["metadata"]["labels"]["team"] = "x";
  lease["spec"]["strategy"] = "OldestEmulationVersion";
  api.put(kLeases, lease);
  clock.advance(seconds(2));
  EXPECT_EQ(a.round().standing, Standing::kLeading);
  EXPECT_EQ(spec()["renewTime"], "2023-11-14T23:13:22.000000Z");
  EXPECT_EQ(spec()["strategy"], "OldestEmulationVersion");
}

TEST_F(ElectionTest, ALeaderMakesARemovedLeaseAnew) {
  a.round();
  api.erase(kLeases, kKey);
  clock.advance(seconds(2));
  EXPECT_EQ(a.round().standing, Standing::kLeading);
  EXPECT_EQ(spec()["holderIdentity"], "a");
  EXPECT_TRUE(spec().contains("acquireTime"));
}

TEST_F(ElectionTest, OnlyOneOfTwoGetsALeaseThatRanOut) {
  api.put(kLeases, {{"metadata", {{"namespace", "system"}, {"name", "operator"}}},
                    {"spec", {{"holderIdentity", ""}}}});
  bool once = false;
  during("update", [&] {
    if (std::exchange(once, true)) return;
    EXPECT_EQ(b.round().standing, Standing::kLeading);
  });
  const Election::Round round = a.round();
  EXPECT_EQ(round.standing, Standing::kFollowing);
  EXPECT_EQ(round.error->kind, ErrorKind::kConflict);
  EXPECT_FALSE(a.leadership()->leading());
  EXPECT_TRUE(b.leadership()->leading());
}

TEST_F(ElectionTest, OnlyOneOfTwoMakesTheLease) {
  bool once = false;
  during("create", [&] {
    if (std::exchange(once, true)) return;
    EXPECT_EQ(b.round().standing, Standing::kLeading);
  });
  EXPECT_EQ(a.round().standing, Standing::kFollowing);
  EXPECT_EQ(a.round().standing, Standing::kFollowing);
  EXPECT_EQ(a.holder(), "b");
}

TEST_F(ElectionTest, ALeaderThatCannotRenewLeadsUntilTheDeadlineAndNoLonger) {
  a.round();
  fail_all(ErrorKind::kUnavailable);
  clock.advance(seconds(9));
  const Election::Round round = a.round();
  EXPECT_EQ(round.standing, Standing::kLeading);
  EXPECT_EQ(round.error->kind, ErrorKind::kUnavailable);
  EXPECT_EQ(round.wait, seconds(1)) << "the next round is due when the lease expires";
  EXPECT_TRUE(a.leadership()->leading());
  clock.advance(seconds(1) - Duration(1));
  EXPECT_TRUE(a.leadership()->leading());
  clock.advance(Duration(1));
  EXPECT_FALSE(a.leadership()->leading()) << "whether there was a round or not";
  EXPECT_EQ(a.round().standing, Standing::kLost);
}

TEST_F(ElectionTest, ALeaderThatSleptTooLongIsNoneAlthoughTheLeaseIsStillItsOwn) {
  a.round();
  clock.advance(seconds(11));
  api.forget_calls();
  EXPECT_EQ(a.round().standing, Standing::kLost);
  EXPECT_TRUE(api.calls().empty());
}

TEST_F(ElectionTest, ACallThatHangsDoesNotKeepLeadership) {
  a.round();
  clock.advance(seconds(2));
  during("update", [&] {
    clock.advance(seconds(8) - Duration(1));
    EXPECT_TRUE(a.leadership()->leading());
    clock.advance(Duration(1));
    EXPECT_FALSE(a.leadership()->leading());
  });
  EXPECT_EQ(a.round().standing, Standing::kLost) << "although it succeeded";
  EXPECT_FALSE(a.leadership()->leading());
}

TEST_F(ElectionTest, LeadershipCountsFromWhenTheRenewalBegan) {
  a.round();
  clock.advance(seconds(2));
  during("update", [&] { clock.advance(seconds(5)); });
  EXPECT_EQ(a.round().standing, Standing::kLeading);
  clock.advance(seconds(5) - Duration(1));
  EXPECT_TRUE(a.leadership()->leading());
  clock.advance(Duration(1));
  EXPECT_FALSE(a.leadership()->leading());
}

TEST_F(ElectionTest, ALeaseThatTookTooLongToGetIsLedFromTheNextRound) {
  during("create", [&] { clock.advance(seconds(11)); });
  const Election::Round round = a.round();
  EXPECT_EQ(round.standing, Standing::kFollowing);
  EXPECT_FALSE(a.leadership()->leading());
  EXPECT_EQ(a.round().standing, Standing::kLeading);
}

TEST_F(ElectionTest, ALeaderThatSeesAnotherIsNoneAtOnce) {
  a.round();
  Json lease = *api.find(kLeases, kKey);
  lease["spec"]["holderIdentity"] = "x";
  api.put(kLeases, lease);
  clock.advance(seconds(2));
  EXPECT_EQ(a.round().standing, Standing::kLost);
  EXPECT_FALSE(a.leadership()->leading());
}

TEST_F(ElectionTest, ReleasedItIsTakenInTheNextRound) {
  a.round();
  b.round();
  EXPECT_TRUE(a.release());
  EXPECT_FALSE(a.leadership()->leading());
  EXPECT_EQ(spec()["holderIdentity"], "");
  EXPECT_EQ(spec()["leaseDurationSeconds"], 1);
  EXPECT_EQ(b.round().standing, Standing::kLeading);
  EXPECT_EQ(spec()["leaseTransitions"], 1);
}

TEST_F(ElectionTest, ReleasesALeaseThatWasRenewedWithoutItsKnowing) {
  a.round();
  Json lease = *api.find(kLeases, kKey);
  lease["spec"]["renewTime"] = "2030-01-01T00:00:00.000000Z";
  api.put(kLeases, lease);
  EXPECT_TRUE(a.release());
  EXPECT_EQ(spec()["holderIdentity"], "");
}

TEST_F(ElectionTest, DoesNotReleaseWhatIsAnothers) {
  a.round();
  b.round();
  clock.advance(seconds(15));
  EXPECT_EQ(b.round().standing, Standing::kLeading);
  EXPECT_TRUE(a.release());
  EXPECT_EQ(spec()["holderIdentity"], "b");
  Election c = elector("c", clock);
  api.forget_calls();
  EXPECT_TRUE(c.release());
  EXPECT_TRUE(api.calls().empty());
}

TEST_F(ElectionTest, TellsWhenItCannotRelease) {
  a.round();
  fail_all(ErrorKind::kUnavailable);
  EXPECT_FALSE(a.release());
  EXPECT_FALSE(a.leadership()->leading());
}

TEST_F(ElectionTest, IsUnwellOnlyWhenItShouldLeadAndHasNotRenewedForMuchTooLong) {
  EXPECT_TRUE(b.leadership()->healthy());
  a.round();
  b.round();
  clock.advance(seconds(30) - Duration(1));
  EXPECT_TRUE(a.leadership()->healthy());
  clock.advance(Duration(1));
  EXPECT_FALSE(a.leadership()->healthy());
  EXPECT_TRUE(b.leadership()->healthy()) << "it follows";
  EXPECT_EQ(a.round().standing, Standing::kLost);
  EXPECT_FALSE(a.leadership()->healthy()) << "it should have ended";
  EXPECT_TRUE(a.release());
  EXPECT_TRUE(a.leadership()->healthy());
}

TEST_F(ElectionTest, AFollowerOutlivesAnOutage) {
  a.round();
  b.round();
  fail_all(ErrorKind::kUnavailable);
  for (int i = 0; i < 100; ++i) {
    clock.advance(seconds(3));
    EXPECT_EQ(b.round().standing, Standing::kFollowing);
  }
  api.fault({});
  EXPECT_EQ(b.round().standing, Standing::kLeading);
}

TEST_F(ElectionTest, RoundsTheWrittenDurationUp) {
  Election quick({.lease = kKey, .identity = "q", .lease_duration = milliseconds(1200)}, api, clock,
                 1);
  quick.round();
  EXPECT_EQ(spec()["leaseDurationSeconds"], 2);
}

}  // namespace
}  // namespace dualtrace::kube
