// SPDX-License-Identifier: Apache-2.0
// Whatever happens to the electors and their calls, two never lead at the same time, and once the
// trouble is over, one soon leads.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "common/error/check.h"
#include "common/kube/election.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLease = seconds(15);
constexpr Duration kRetryMax = milliseconds(4400);

// Another machine's clock: it has another origin and runs faster or slower.
class DriftingClock final : public Clock {
 public:
  DriftingClock(const FakeClock& truth, Random& random)
      : truth_(truth),
        offset_(seconds(random.below(100'000))),
        rate_(95 + static_cast<int64_t>(random.below(11))) {}

  [[nodiscard]] Tick tick() const override {
    return Tick(offset_ + truth_.tick().time_since_epoch() * rate_ / 100);
  }
  [[nodiscard]] WallTime wall() const override { return WallTime(tick().time_since_epoch()); }

 private:
  const FakeClock& truth_;
  const Duration offset_;
  const int64_t rate_;
};

class World;

// One process's connection to the API: calls fail or hang, before or after they took effect, or
// take effect long after their caller gave up.
class UnsureApi final : public Api {
 public:
  explicit UnsureApi(World& world) : world_(world) {}

  Result<Json> get(const ResourceType& type, const ObjectKey& key, Form form) override;
  Result<Json> create(const ResourceType& type, const Json& object) override;
  Result<Json> update(const ResourceType& type, const Json& object) override;
  Result<Json> apply(const ResourceType&, const Json&, const ApplyOptions&) override {
    return not_used();
  }
  Result<Json> merge_patch(const ResourceType&, const ObjectKey&, const Json&) override {
    return not_used();
  }
  Status remove(const ResourceType&, const ObjectKey&, const Precondition&) override {
    return not_used();
  }

 private:
  static Failure not_used() {
    DT_CHECK(false);
    return fail(ErrorKind::kInternal, "");
  }
  Result<Json> call(const std::function<Result<Json>()>& effect, bool writes);

  World& world_;
};

struct Process {
  Process(World& world, size_t index, const FakeClock& truth, Api& api, Random& random);

  DriftingClock clock;
  Election election;
  Tick due{};  // by the true clock
  bool busy = false;
  bool ended = false;  // lost or killed
};

class World {
 public:
  World(uint64_t seed, size_t processes) : random(seed) {
    for (size_t i = 0; i < processes; ++i) apis.push_back(std::make_unique<UnsureApi>(*this));
    slots.resize(processes);
    for (size_t i = 0; i < processes; ++i) boot(i);
  }

  void boot(size_t index) {
    slots[index] = std::make_shared<Process>(*this, index, truth, *apis[index], random);
    slots[index]->due = truth.tick() + milliseconds(random.below(3000));
  }

  // Advances the time. Processes that are not busy run whatever becomes due.
  void pass(Duration span) {
    const Tick end = truth.tick() + span;
    while (truth.tick() < end && !testing::Test::HasFailure()) {
      truth.advance(std::min<Duration>(milliseconds(200 + random.below(600)), end - truth.tick()));
      while (!late_writes.empty() && late_writes.front().first <= truth.tick()) {
        late_writes.front().second();
        late_writes.pop_front();
      }
      expect_one_leader();
      for (size_t i = 0; i < slots.size(); ++i) run_if_due(i);
    }
  }

  void run_if_due(size_t index) {
    const std::shared_ptr<Process> process = slots[index];
    if (process->busy || process->ended || process->due > truth.tick()) return;
    process->busy = true;
    const Election::Round round = process->election.round();
    process->busy = false;
    expect_one_leader();
    process->due = truth.tick() + round.wait;
    if (round.standing == Election::Standing::kLeading) ++led_rounds;
    if (round.standing != Election::Standing::kLost) return;
    process->ended = true;
    ++losses;
    if (slots[index] == process) boot(index);
  }

  Status release(size_t index) {
    const std::shared_ptr<Process> process = slots[index];
    process->busy = true;
    process->ended = true;
    return process->election.release();
  }

  void expect_one_leader() {
    size_t leaders = 0;
    // A killed process is gone; a paused or deposed one may still act on the result of leading().
    for (const auto& process : slots) {
      leaders += process->election.leadership()->leading() ? 1 : 0;
    }
    ASSERT_LE(leaders, 1u) << "at " << truth.elapsed.count();
  }

  size_t leader() const {
    for (size_t i = 0; i < slots.size(); ++i) {
      if (slots[i]->election.leadership()->leading()) return i;
    }
    return slots.size();
  }
  bool someone_leads() const { return leader() < slots.size(); }

  Random random;
  FakeClock truth;
  FakeApi api;
  uint64_t trouble = 0;  // percentage of calls that go wrong
  std::vector<std::unique_ptr<UnsureApi>> apis;
  std::vector<std::shared_ptr<Process>> slots;
  std::deque<std::pair<Tick, std::function<void()>>> late_writes;
  size_t led_rounds = 0;
  size_t losses = 0;
};

Process::Process(World& world, size_t index, const FakeClock& truth, Api& api, Random& random)
    : clock(truth, random),
      election({.lease = {"system", "operator"},
                .identity = std::to_string(index) + "-" + std::to_string(world.random.next())},
               api, clock, random.next()) {}

Result<Json> UnsureApi::call(const std::function<Result<Json>()>& effect, bool writes) {
  Random& random = world_.random;
  if (random.below(100) >= world_.trouble) return effect();
  const Duration hang = milliseconds(random.below(12'000));
  const Failure unsure = fail(ErrorKind::kUnavailable, "no answer");
  switch (random.below(6)) {
    case 0:
      return unsure;
    case 1: {  // the request is slow
      world_.pass(hang);
      return effect();
    }
    case 2: {  // the answer is slow
      auto result = effect();
      world_.pass(hang);
      return result;
    }
    case 3:  // the answer is lost
      ignore(effect(), "its answer is lost");
      world_.pass(hang);
      return unsure;
    case 4: {  // it takes effect after its caller gave up
      if (writes) {
        const Tick when = world_.truth.tick() + hang;
        world_.late_writes.emplace_back(when, [effect] { ignore(effect(), "its answer is lost"); });
        std::sort(world_.late_writes.begin(), world_.late_writes.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
      }
      world_.pass(milliseconds(random.below(1000)));
      return unsure;
    }
    default:
      return fail(ErrorKind::kThrottled, "busy");
  }
}

Result<Json> UnsureApi::get(const ResourceType& type, const ObjectKey& key, Form form) {
  return call([&] { return world_.api.get(type, key, form); }, false);
}
Result<Json> UnsureApi::create(const ResourceType& type, const Json& object) {
  return call([this, type, object] { return world_.api.create(type, object); }, true);
}
Result<Json> UnsureApi::update(const ResourceType& type, const Json& object) {
  return call([this, type, object] { return world_.api.update(type, object); }, true);
}

void make_trouble(World& world) {
  Random& random = world.random;
  const size_t victim = random.below(world.slots.size());
  switch (random.below(12)) {
    case 0:  // kill -9, and a restart
      if (!world.slots[victim]->busy) world.boot(victim);
      break;
    case 1:  // the process gets no CPU time
      world.slots[victim]->due = world.truth.tick() + milliseconds(random.below(25'000));
      break;
    case 2:
      if (!world.slots[victim]->busy) {
        ignore(world.release(victim), "it may fail");
        world.boot(victim);
      }
      break;
    case 3:
      world.trouble = random.below(2) == 0 ? 0 : random.below(80);
      break;
    default:
      break;
  }
}

TEST(ElectionProperty, NeverDoTwoLeadAndSomeoneDoesWhenAllIsWell) {
  size_t led_rounds = 0;
  size_t losses = 0;
  for (uint64_t seed = 1; seed <= 2000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    World world(seed, 2 + seed % 2);
    world.trouble = world.random.below(50);
    for (int i = 0; i < 15; ++i) {
      make_trouble(world);
      world.pass(milliseconds(world.random.below(6000)));
    }
    world.trouble = 0;
    // Paused processes wake up, and delayed calls arrive.
    world.pass(seconds(28));
    world.pass((kLease + kRetryMax) * 100 / 95);
    EXPECT_TRUE(world.someone_leads());
    led_rounds += world.led_rounds;
    losses += world.losses;
  }
  EXPECT_GT(led_rounds, 20'000u);
  EXPECT_GT(losses, 500u);
}

TEST(ElectionProperty, AnotherTakesOverWithinTheLeaseAndARetryAfterAKill) {
  for (uint64_t seed = 1; seed <= 500 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    World world(seed, 3);
    world.pass(seconds(10));
    ASSERT_TRUE(world.someone_leads());
    world.pass(milliseconds(world.random.below(10'000)));
    const size_t killed = world.leader();
    world.slots[killed]->ended = true;
    world.boot(killed);
    world.slots[killed]->due = Tick::max();  // and does not come back
    world.pass((kLease + 2 * kRetryMax) * 100 / 95 + seconds(1));
    EXPECT_TRUE(world.someone_leads());
  }
}

TEST(ElectionProperty, AnotherTakesOverWithinARetryAfterARelease) {
  for (uint64_t seed = 1; seed <= 500 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    World world(seed, 2);
    world.pass(seconds(20));
    const size_t released = world.leader();
    ASSERT_LT(released, 2u);
    EXPECT_TRUE(world.release(released));
    world.pass(kRetryMax * 100 / 95 + seconds(1));
    EXPECT_EQ(world.leader(), 1 - released);
  }
}

}  // namespace
}  // namespace dualtrace::kube
