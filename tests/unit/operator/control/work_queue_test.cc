// SPDX-License-Identifier: Apache-2.0
#include "operator/control/work_queue.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/fakes/fake_clock.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using std::chrono::seconds;
using ::testing::Test;

const ObjectKey kA{"space", "a"};
const ObjectKey kB{"space", "b"};

struct WorkQueueTest : Test {
  FakeClock clock;
  MetricRegistry metrics;
  WorkQueue queue{"dualtraceexport", clock, metrics};

  bool shows(const std::string& line) const {
    return metrics.text().find(line + "\n") != std::string::npos;
  }
};

TEST_F(WorkQueueTest, HandsOutNothingBeforeItsTime) {
  queue.add_after(kA, seconds(5));
  EXPECT_EQ(queue.try_pop(), std::nullopt);
  clock.advance(seconds(5));
  EXPECT_EQ(queue.try_pop(), kA);
}

TEST_F(WorkQueueTest, TellsItsDepthAndItsWorkUnderTheNamesOfClientGo) {
  queue.add(kA);
  queue.add(kB);
  clock.advance(seconds(2));
  ASSERT_EQ(queue.try_pop(), kA);
  clock.advance(seconds(3));
  ASSERT_EQ(queue.try_pop(), kB);
  queue.add(kA);
  clock.advance(seconds(4));
  EXPECT_TRUE(shows("workqueue_depth{name=\"dualtraceexport\"} 0"));
  EXPECT_TRUE(shows("workqueue_adds_total{name=\"dualtraceexport\"} 3"));
  EXPECT_TRUE(shows("workqueue_unfinished_work_seconds{name=\"dualtraceexport\"} 11"));
  EXPECT_TRUE(shows("workqueue_longest_running_processor_seconds{name=\"dualtraceexport\"} 7"));
  EXPECT_TRUE(shows("workqueue_queue_duration_seconds_sum{name=\"dualtraceexport\"} 7"));
  queue.done(kA);
  EXPECT_TRUE(shows("workqueue_depth{name=\"dualtraceexport\"} 1"));
  EXPECT_TRUE(shows("workqueue_work_duration_seconds_sum{name=\"dualtraceexport\"} 7"));
  queue.retry(kB, Duration(0));
  EXPECT_TRUE(shows("workqueue_retries_total{name=\"dualtraceexport\"} 1"));
}

TEST_F(WorkQueueTest, HandsOutNothingMoreOnceShutDown) {
  queue.add(kA);
  queue.add(kB);
  ASSERT_EQ(queue.try_pop(), kA);
  queue.shut_down();
  EXPECT_EQ(queue.pop(), std::nullopt);
  queue.add(kA);
  queue.done(kA);
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST_F(WorkQueueTest, IsDrainedWhenAllWorkIsDone) {
  queue.add(kA);
  queue.add(kB);
  ASSERT_EQ(queue.try_pop(), kA);
  queue.shut_down();
  EXPECT_FALSE(queue.wait_until_drained(Tick()));
  queue.done(kA);
  EXPECT_TRUE(queue.wait_until_drained(Tick()));
}

// Some threads add keys, some process them: no key is processed twice at the same time, and a
// reconciliation that begins after the last addition sees it.
TEST(WorkQueue, KeepsEachKeyToOneOfManyThreadsAndLosesNone) {
  constexpr size_t kKeys = 8;
  constexpr int kAddsOfEach = 2000;
  SystemClock clock;
  MetricRegistry metrics;
  WorkQueue queue("dualtraceexport", clock, metrics);
  std::array<std::atomic<int>, kKeys> wanted{};
  std::array<std::atomic<int>, kKeys> seen{};
  std::array<std::atomic<bool>, kKeys> busy{};
  std::atomic<int> collisions{0};
  std::atomic<size_t> complete{0};
  const auto work = [&] {
    while (const auto key = queue.pop()) {
      const size_t index = std::stoul(key->name);
      if (busy[index].exchange(true)) ++collisions;
      const int now_wanted = wanted[index];
      const int before = seen[index].exchange(now_wanted);
      if (before < 2 * kAddsOfEach && now_wanted == 2 * kAddsOfEach) ++complete;
      busy[index] = false;
      queue.done(*key);
      if (complete == kKeys) queue.shut_down();
    }
  };
  const auto add = [&](bool later) {
    for (int round = 0; round < kAddsOfEach; ++round) {
      for (size_t index = 0; index < kKeys; ++index) {
        const ObjectKey key{"space", std::to_string(index)};
        ++wanted[index];
        if (later) {
          queue.add_after(key, std::chrono::microseconds(round % 50));
        } else {
          queue.add(key);
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 3; ++worker) threads.emplace_back(work);
  threads.emplace_back(add, false);
  threads.emplace_back(add, true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(collisions, 0);
  EXPECT_EQ(complete, kKeys);
}

}  // namespace
}  // namespace dualtrace::ctl
