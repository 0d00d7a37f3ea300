// SPDX-License-Identifier: Apache-2.0
#include "operator/app/waiting_room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_scheduler.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

struct WaitingRoomTest : testing::Test {
  WaitingRoom::Task waits_until() {
    return [this](Tick until) { waited.push_back(until - begun); };
  }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  WaitingRoom room{scheduler, {.tasks_max = 2, .patience = milliseconds(300)}};
  const Tick begun = clock.tick();
  std::vector<Duration> waited;
};

TEST_F(WaitingRoomTest, GivesEachTaskPatienceFromWhenItCame) {
  room.run(waits_until());
  clock.advance(milliseconds(100));
  room.run(waits_until());
  EXPECT_THAT(waited, IsEmpty()) << "the caller does not wait for its task";
  clock.advance(milliseconds(100));
  scheduler.run_ready();
  EXPECT_THAT(waited, ElementsAre(milliseconds(300), milliseconds(400)));
}

TEST_F(WaitingRoomTest, ServesAtOnceWhomItHasNoRoomFor) {
  room.run(waits_until());
  room.run(waits_until());
  room.run(waits_until());
  EXPECT_THAT(waited, ElementsAre(Duration(0))) << "with no time left";
  scheduler.run_one();
  room.run(waits_until());
  EXPECT_THAT(waited, ElementsAre(Duration(0), milliseconds(300))) << "there is room again";
  scheduler.run_ready();
  EXPECT_EQ(waited.size(), 4U);
}

}  // namespace
}  // namespace dualtrace::ctl
