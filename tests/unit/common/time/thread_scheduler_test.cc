// SPDX-License-Identifier: Apache-2.0
#include "common/time/thread_scheduler.h"

#include <gtest/gtest.h>

#include <future>

namespace dualtrace {
namespace {

TEST(ThreadScheduler, RunsPostedTasksInOrder) {
  SystemClock clock;
  ThreadScheduler scheduler("test", clock);
  std::vector<int> order;
  std::promise<void> done;
  for (int i = 0; i < 100; ++i) scheduler.post([&order, i] { order.push_back(i); });
  scheduler.post([&done] { done.set_value(); });
  done.get_future().wait();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(ThreadScheduler, RunsTimersInTheOrderOfTheirTimes) {
  SystemClock clock;
  ThreadScheduler scheduler("test", clock);
  std::vector<int> order;
  std::promise<void> done;
  scheduler.post([&] {  // on its own thread, so that both are scheduled before either runs
    const Tick now = clock.tick();
    scheduler.run_at(now + std::chrono::milliseconds(2), [&] {
      order.push_back(2);
      done.set_value();
    });
    scheduler.run_at(now + std::chrono::milliseconds(1), [&] { order.push_back(1); });
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(ThreadScheduler, ACancelledTimerDoesNotRunEvenWhenItIsDue) {
  SystemClock clock;
  ThreadScheduler scheduler("test", clock);
  bool ran = false;
  std::promise<void> done;
  scheduler.post([&] {
    const Tick now = clock.tick();
    const Scheduler::TimerId second = scheduler.run_at(now, [&] { ran = true; });
    scheduler.run_at(now - std::chrono::seconds(1), [&, second] {
      scheduler.cancel(second);
      scheduler.run_after(std::chrono::milliseconds(1), [&] { done.set_value(); });
    });
  });
  done.get_future().wait();
  EXPECT_FALSE(ran);
}

TEST(ThreadScheduler, DropsWhatIsLeftWhenStopped) {
  SystemClock clock;
  ThreadScheduler scheduler("test", clock);
  scheduler.run_after(std::chrono::hours(1), [] { FAIL(); });
  scheduler.stop();
  scheduler.stop();
  scheduler.post([] { FAIL(); });
}

}  // namespace
}  // namespace dualtrace
