// SPDX-License-Identifier: Apache-2.0
// A fleet that starts at the same time: the load on its token endpoint over a day.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "agent/credential/keeper.h"
#include "common/config/credential_text.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kKeepers = 5000;

// The token endpoint that all of them share. Counts the requests per minute.
class CountingMaker final : public KeyMaker {
 public:
  CountingMaker(FakeClock& clock, Duration lifetime, Duration day)
      : clock_(clock),
        start_(clock.tick()),
        lifetime_(lifetime),
        minutes(static_cast<size_t>(day / std::chrono::minutes(1)) + 1) {}

  void make(const std::vector<std::string>& /*values*/, Done done) override {
    ++minutes.at(static_cast<size_t>((clock_.tick() - start_) / std::chrono::minutes(1)));
    done(MadeKey{.key = {.values = {"token"}}, .lifetime = lifetime_});
  }

 private:
  FakeClock& clock_;
  const Tick start_;
  const Duration lifetime_;

 public:
  std::vector<int> minutes;
};

// The busiest minute divided by the mean, both without the first minute.
double busiest_minute(Duration lifetime, Duration day) {
  FakeClock clock;
  FakeScheduler scheduler(clock);
  MemoryFileSystem files;
  EXPECT_TRUE(files.make_folders("/secret"));
  EXPECT_TRUE(write_file(files, "/secret/key", "secret"));
  CountingMaker maker(clock, lifetime, day);
  std::vector<std::unique_ptr<Keeper>> keepers;
  for (int i = 0; i < kKeepers; ++i) {
    keepers.push_back(std::make_unique<Keeper>(
        KeeperOptions{.look_interval = hours(48)},
        Keeper::Parts{.files = SecretFiles(
                          {{CredentialPart::kToken, "/secret/key", check_credential}}, files),
                      .maker = maker,
                      .scheduler = scheduler,
                      .random = Random(static_cast<uint64_t>(i) + 1),
                      .opened = [] {}}));
    keepers.back()->start();
  }
  scheduler.run_for(day);
  EXPECT_EQ(maker.minutes.front(), kKeepers);
  double sum = 0;
  for (size_t i = 1; i < maker.minutes.size(); ++i) sum += maker.minutes[i];
  const double mean = sum / static_cast<double>(maker.minutes.size() - 1);
  EXPECT_GT(mean, kKeepers / (2.0 * std::chrono::duration<double>(lifetime).count() / 60));
  const int busiest = *std::max_element(maker.minutes.begin() + 1, maker.minutes.end());
  EXPECT_EQ(std::count_if(keepers.begin(), keepers.end(),
                          [](const auto& keeper) { return !keeper->take(); }),
            0)
      << "nobody is ever without a token";
  return busiest / mean;
}

TEST(Fleet, LoadsTheTokenEndpointEvenlyThroughADay) {
  EXPECT_LE(busiest_minute(hours(1), hours(24)), 2.0);
}

TEST(Fleet, DoesSoWithShortTokensToo) { EXPECT_LE(busiest_minute(minutes(10), hours(4)), 2.0); }

}  // namespace
}  // namespace dualtrace::agent
