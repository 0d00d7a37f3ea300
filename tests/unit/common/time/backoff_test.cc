// SPDX-License-Identifier: Apache-2.0
#include "common/time/backoff.h"

#include <gtest/gtest.h>

namespace dualtrace {
namespace {

using std::chrono::seconds;

TEST(Backoff, DoublesItsCeilingUpToTheMaximum) {
  const Backoff backoff{.base = seconds(1), .max = seconds(30)};
  Random random(1);
  const Duration ceilings[] = {seconds(1),  seconds(2),  seconds(4), seconds(8),
                               seconds(16), seconds(30), seconds(30)};
  for (uint32_t attempt = 1; attempt <= 7; ++attempt) {
    Duration longest{0};
    for (int i = 0; i < 2000; ++i) {
      const Duration delay = backoff.delay(attempt, random);
      EXPECT_GE(delay, seconds(1) / 2);
      EXPECT_LE(delay, ceilings[attempt - 1]);
      longest = std::max(longest, delay);
    }
    EXPECT_GT(longest, ceilings[attempt - 1] * 9 / 10);
  }
}

TEST(Backoff, NeverOverflowsWithManyAttempts) {
  Random random(1);
  EXPECT_LE(Backoff{}.delay(4'000'000'000, random), Backoff{}.max);
}

}  // namespace
}  // namespace dualtrace
