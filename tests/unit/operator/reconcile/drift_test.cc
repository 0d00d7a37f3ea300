// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/drift.h"

#include <gtest/gtest.h>

#include "operator/reconcile/trim.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Tick kNow{minutes(1)};

// A state of the object. `edits` stands for all the writes to its content.
Json state(int version, int edits, const std::string& uid = "u") {
  return {{"metadata",
           {{"uid", uid},
            {"resourceVersion", std::to_string(version)},
            {"generation", edits},
            {"managedFields", Json::array({{{"manager", "x"}, {"time", edits}}})}}}};
}

TEST(Drift, IsDueOnceAndForEveryOtherIntent) {
  Drift drift;
  EXPECT_TRUE(drift.is_due("a", nullptr, kNow));
  EXPECT_TRUE(drift.applied("a", state(1, 1), nullptr, kNow));
  const Json shown = state(1, 1);
  EXPECT_FALSE(drift.is_due("a", &shown, kNow));
  EXPECT_FALSE(drift.look_again());
  EXPECT_TRUE(drift.is_due("b", &shown, kNow));
}

TEST(Drift, WaitsForTheCacheToShowWhatItMade) {
  Drift drift;
  drift.applied("a", state(1, 1), nullptr, kNow);
  EXPECT_FALSE(drift.is_due("a", nullptr, kNow + seconds(1)));
  EXPECT_EQ(drift.look_again(), kNow + seconds(15));
  const Json shown = state(1, 1);
  EXPECT_FALSE(drift.is_due("a", &shown, kNow + seconds(2)));
  EXPECT_TRUE(drift.is_due("a", nullptr, kNow + seconds(3))) << "now it has been removed";
}

TEST(Drift, AnOlderStateCostsOneRequestAndThenRests) {
  Drift drift;
  const Json before = state(5, 5);
  drift.applied("a", state(8, 8), &before, kNow);  // 6 and 7 are others' writes, still in flight
  for (const int version : {6, 7}) {
    const Json shown = state(version, version);
    EXPECT_TRUE(drift.is_due("a", &shown, kNow));
    EXPECT_FALSE(drift.applied("a", state(8, 8), &shown, kNow)) << "it changed nothing";
    EXPECT_FALSE(drift.is_due("a", &shown, kNow));
  }
  const Json shown = state(8, 8);
  EXPECT_FALSE(drift.is_due("a", &shown, kNow));
  EXPECT_FALSE(drift.look_again());
}

TEST(Drift, AnEditAfterOursIsPutBackEvenIfTheCacheNeverShowedOurs) {
  Drift drift;
  const Json before = state(5, 5);
  drift.applied("a", state(6, 6), &before, kNow);
  const Json edited = state(7, 7);
  EXPECT_TRUE(drift.is_due("a", &edited, kNow));
  EXPECT_TRUE(drift.applied("a", state(8, 8), &edited, kNow));
}

TEST(Drift, AStatusThatIsWrittenIsNoEdit) {
  Drift drift;
  drift.applied("a", state(1, 1), nullptr, kNow);
  const Json reported = state(2, 1);
  EXPECT_FALSE(drift.is_due("a", &reported, kNow));
  EXPECT_FALSE(drift.look_again());
}

TEST(Drift, DoesNotWaitForeverForAnEventThatWasMissed) {
  Drift drift;
  drift.applied("a", state(1, 1), nullptr, kNow);  // then removed, while the watch was broken
  EXPECT_TRUE(drift.is_due("a", nullptr, kNow + seconds(15)));
  EXPECT_TRUE(drift.applied("a", state(3, 1, "v"), nullptr, kNow + seconds(15)));
}

TEST(Drift, WaitsLongerEachTimeThatNothingTurnedOutToBeMissed) {
  Drift drift;
  Tick now = kNow;
  drift.applied("a", state(1, 1), nullptr, now);
  for (const Duration patience : std::initializer_list<Duration>{
           seconds(15), seconds(30), minutes(1), minutes(2), minutes(4), minutes(5), minutes(5)}) {
    EXPECT_FALSE(drift.is_due("a", nullptr, now + patience - seconds(1)));
    EXPECT_EQ(drift.look_again(), now + patience);
    now += patience;
    EXPECT_TRUE(drift.is_due("a", nullptr, now));
    EXPECT_FALSE(drift.applied("a", state(1, 1), nullptr, now));
  }
}

TEST(Drift, ForgetsWhatMayOrMayNotHaveBeenDone) {
  Drift drift;
  drift.applied("a", state(1, 1), nullptr, kNow);
  drift.forget();
  const Json shown = state(1, 1);
  EXPECT_TRUE(drift.is_due("a", &shown, kNow));
  EXPECT_FALSE(drift.applied("a", state(1, 1), &shown, kNow));
}

TEST(Drift, GetsSlowerInAQuarrel) {
  Drift drift;
  int version = 1;
  Tick now = kNow;
  drift.applied("a", state(version, version), nullptr, now);
  const auto edit_and_wait = [&] {  // returns how long until the edit is reverted
    const Json edited = state(version + 1, version + 1);
    Duration waited{};
    while (!drift.is_due("a", &edited, now)) {
      waited += *drift.look_again() - now;
      now = *drift.look_again();
    }
    version += 2;
    EXPECT_TRUE(drift.applied("a", state(version, version), &edited, now));
    return waited;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(edit_and_wait(), seconds(0));
  EXPECT_TRUE(drift.quarrels());
  EXPECT_EQ(edit_and_wait(), seconds(2));
  EXPECT_EQ(edit_and_wait(), seconds(4));
  for (int i = 0; i < 20; ++i) edit_and_wait();
  EXPECT_EQ(edit_and_wait(), minutes(1));
  now += minutes(10);
  EXPECT_EQ(edit_and_wait(), seconds(0)) << "the conflict is over";
  EXPECT_FALSE(drift.quarrels());
}

TEST(Drift, AStatusThatIsWrittenWhileTheWatchIsSlowIsNoQuarrel) {
  Drift drift;
  drift.applied("a", state(10, 1), nullptr, kNow);
  for (int version = 11; version < 30; ++version) {
    const Json shown = state(version - 10, 0);  // always one from before our write
    ASSERT_TRUE(drift.is_due("a", &shown, kNow));
    EXPECT_FALSE(drift.applied("a", state(version, 1), &shown, kNow)) << "it changed nothing";
  }
  EXPECT_FALSE(drift.quarrels());
}

TEST(Drift, CountsPutBacksWithinASecondWhereThereIsNoGeneration) {
  Drift drift;
  drift.applied("a", state(1, 0), nullptr, kNow);
  for (int version = 3; version < 13; version += 2) {
    const Json edited = state(version - 1, 7);
    EXPECT_TRUE(drift.applied("a", state(version, 0), &edited, kNow));
  }
  EXPECT_TRUE(drift.quarrels());
}

TEST(Drift, KnowsTheGenerationOfWhatItMade) {
  Drift drift;
  EXPECT_EQ(drift.generation_of("u"), 0);
  drift.applied("a", state(1, 4), nullptr, kNow);
  EXPECT_EQ(drift.generation_of("u"), 4);
  EXPECT_EQ(drift.generation_of("another"), 0);
}

}  // namespace
}  // namespace dualtrace::ctl
