// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "common/sync/mutex.h"

namespace dualtrace {
namespace {

long sleeps_of_this_thread() {
  rusage usage{};
  EXPECT_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
  return usage.ru_nvcsw;
}

// Each sleep costs a context switch, which at low rates is most of the cost of a span.
TEST(CondVar, AThreadThatIsNotifiedDoesNotSleepAgainBeforeItRuns) {
  constexpr long kNotifications = 1000;
  Mutex mutex;
  CondVar changed;
  long posted = 0;
  std::atomic<long> seen = 0;
  long sleeps = 0;
  std::thread waiter([&] {
    const long before = sleeps_of_this_thread();
    for (long wanted = 1; wanted <= kNotifications; ++wanted) {
      {
        const Lock lock(mutex);
        while (posted < wanted) changed.wait(mutex);
      }
      seen = wanted;
    }
    sleeps = sleeps_of_this_thread() - before;
  });
  for (long i = 1; i <= kNotifications; ++i) {
    {
      const Lock lock(mutex);
      posted = i;
    }
    changed.notify_one();
    while (seen < i) std::this_thread::yield();
  }
  waiter.join();
  EXPECT_LE(sleeps, kNotifications * 5 / 4);
}

TEST(CondVar, HoldsTheMutexWhenAWaitEnds) {
  Mutex mutex;
  CondVar changed;
  const Lock lock(mutex);
  EXPECT_FALSE(changed.wait_until(mutex, std::chrono::steady_clock::time_point{}));
  bool entered = false;
  std::thread other([&] {
    const Lock inner(mutex);
    entered = true;
    changed.notify_one();
  });
  EXPECT_FALSE(entered);
  while (!entered) changed.wait(mutex);
  // If the wait had not taken the mutex back, the lock's destructor would release one that is free.
  other.join();
}

}  // namespace
}  // namespace dualtrace
