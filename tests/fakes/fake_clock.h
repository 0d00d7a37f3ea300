// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeClock: time advances only when the test advances it. Used from one thread.

#include "common/time/clock.h"

namespace dualtrace {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Tick tick() const override { return Tick(elapsed); }
  [[nodiscard]] WallTime wall() const override { return wall_start + elapsed; }
  void advance(Duration by) { elapsed += by; }

  Duration elapsed{std::chrono::hours(1)};
  WallTime wall_start{std::chrono::seconds(1'700'000'000)};
};

}  // namespace dualtrace
