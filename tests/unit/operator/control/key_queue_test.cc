// SPDX-License-Identifier: Apache-2.0
#include "operator/control/key_queue.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "common/random/random.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using std::chrono::milliseconds;
using std::chrono::seconds;

const ObjectKey kA{"space", "a"};
const ObjectKey kB{"space", "b"};

Tick at(Duration since_start) { return Tick(since_start); }

std::optional<ObjectKey> take_key(KeyQueue& queue, Tick now) {
  const auto taken = queue.take(now);
  return taken ? std::optional(taken->key) : std::nullopt;
}

TEST(KeyQueue, HandsKeysOutInTheOrderOfTheirComing) {
  KeyQueue queue;
  queue.add(kB, at(seconds(1)));
  queue.add(kA, at(seconds(2)));
  EXPECT_EQ(take_key(queue, at(seconds(3))), kB);
  EXPECT_EQ(take_key(queue, at(seconds(3))), kA);
  EXPECT_EQ(take_key(queue, at(seconds(3))), std::nullopt);
}

TEST(KeyQueue, MergesEqualKeysThatWait) {
  KeyQueue queue;
  EXPECT_TRUE(queue.add(kA, at(seconds(1))));
  EXPECT_FALSE(queue.add(kA, at(seconds(2))));
  const auto taken = queue.take(at(seconds(3)));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->waited, seconds(2));
  queue.finish(kA, at(seconds(3)));
  EXPECT_FALSE(queue.take(at(seconds(4))));
}

TEST(KeyQueue, HandsOutAKeyAddedWhileInWorkOnlyAfterwards) {
  KeyQueue queue;
  queue.add(kA, at(seconds(1)));
  ASSERT_TRUE(queue.take(at(seconds(1))));
  queue.add(kA, at(seconds(2)));
  EXPECT_FALSE(queue.take(at(seconds(2))));
  EXPECT_EQ(queue.finish(kA, at(seconds(4))), seconds(3));
  EXPECT_EQ(take_key(queue, at(seconds(4))), kA);
}

TEST(KeyQueue, CountsTheEarliestOfSeveralTimes) {
  KeyQueue queue;
  queue.add_at(kA, at(seconds(9)));
  queue.add_at(kA, at(seconds(5)));
  queue.add_at(kA, at(seconds(7)));
  EXPECT_EQ(queue.next_due(), at(seconds(5)));
  EXPECT_FALSE(queue.take(at(seconds(5)) - Duration(1)));
  EXPECT_EQ(take_key(queue, at(seconds(5))), kA);
}

TEST(KeyQueue, KeepsAllTimesOfAKeyByHandingItOutOnce) {
  KeyQueue queue;
  queue.add_at(kA, at(seconds(5)));
  queue.add(kA, at(seconds(1)));
  ASSERT_TRUE(queue.take(at(seconds(1))));
  queue.finish(kA, at(seconds(2)));
  EXPECT_FALSE(queue.next_due());
  EXPECT_FALSE(queue.take(at(seconds(9))));
}

TEST(KeyQueue, KeepsATimeThatWasSetWhileInWork) {
  KeyQueue queue;
  queue.add(kA, at(seconds(1)));
  ASSERT_TRUE(queue.take(at(seconds(1))));
  queue.add_at(kA, at(seconds(5)));
  queue.finish(kA, at(seconds(2)));
  EXPECT_EQ(take_key(queue, at(seconds(5))), kA);
}

TEST(KeyQueue, DoublesTheDelayWithEachFailureUpToAThousandSeconds) {
  KeyQueue queue;
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), Duration(0)), milliseconds(5));
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), Duration(0)), milliseconds(10));
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), Duration(0)), milliseconds(20));
  for (int failure = 3; failure < 40; ++failure) queue.retry(kA, at(seconds(0)), Duration(0));
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), Duration(0)), seconds(1000));
  EXPECT_EQ(queue.retry(kB, at(seconds(0)), Duration(0)), milliseconds(5));
}

TEST(KeyQueue, BeginsTheDelaysAgainAfterForget) {
  KeyQueue queue;
  queue.retry(kA, at(seconds(0)), Duration(0));
  queue.retry(kA, at(seconds(0)), Duration(0));
  queue.forget(kA);
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), Duration(0)), milliseconds(5));
}

TEST(KeyQueue, WaitsAtLeastAsLongAsTheErrorAsks) {
  KeyQueue queue;
  EXPECT_EQ(queue.retry(kA, at(seconds(0)), seconds(3)), seconds(3));
  EXPECT_EQ(queue.next_due(), at(seconds(3)));
}

// The queue's contract as the simplest possible model.
struct Model {
  std::map<ObjectKey, Tick> wanted;  // the latest time to hand it out
  std::set<ObjectKey> in_work;

  void want(const ObjectKey& key, Tick when) {
    const auto [known, fresh] = wanted.emplace(key, when);
    if (!fresh) known->second = std::min(known->second, when);
  }
  [[nodiscard]] std::set<ObjectKey> takeable(Tick now) const {
    std::set<ObjectKey> keys;
    for (const auto& [key, when] : wanted) {
      if (when <= now && !in_work.contains(key)) keys.insert(key);
    }
    return keys;
  }
};

// Runs one random operation on the queue and the model. Returns false if they disagree.
void act(KeyQueue& queue, Model& model, Random& random, Tick now) {
  const ObjectKey key{"space", fmt::format("{}", random.below(6))};
  switch (random.below(6)) {
    case 0:
      queue.add(key, now);
      model.want(key, now);
      return;
    case 1: {
      const Tick when = now + milliseconds(random.below(50));
      queue.add_at(key, when);
      model.want(key, when);
      return;
    }
    case 2:
      model.want(key, now + queue.retry(key, now, Duration(0)));
      return;
    case 3:
      queue.forget(key);
      return;
    case 4: {
      const std::set<ObjectKey> takeable = model.takeable(now);
      const auto taken = take_key(queue, now);
      ASSERT_EQ(taken.has_value(), !takeable.empty());
      if (!taken) return;
      ASSERT_TRUE(takeable.contains(*taken)) << taken->to_string();
      model.wanted.erase(*taken);
      model.in_work.insert(*taken);
      return;
    }
    default:
      if (!model.in_work.contains(key)) return;
      queue.finish(key, now);
      model.in_work.erase(key);
  }
}

TEST(KeyQueue, KeepsItsPromisesUnderRandomUse) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    KeyQueue queue;
    Model model;
    Tick now{seconds(1)};
    for (int step = 0; step < 400; ++step) {
      now += milliseconds(random.below(4));
      act(queue, model, random, now);
      if (::testing::Test::HasFatalFailure()) return;
      ASSERT_EQ(queue.in_work().size(), model.in_work.size());
    }
    // Nothing is lost: once all work is finished, each wanted key comes out exactly once.
    for (const ObjectKey& key : model.in_work) queue.finish(key, now);
    std::set<ObjectKey> left;
    while (const auto taken = take_key(queue, now + seconds(2000))) {
      EXPECT_TRUE(left.insert(*taken).second);
      queue.finish(*taken, now);
    }
    std::set<ObjectKey> wanted;
    for (const auto& [key, when] : model.wanted) wanted.insert(key);
    EXPECT_EQ(left, wanted);
  }
}

}  // namespace
}  // namespace dualtrace::ctl
