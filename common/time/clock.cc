// SPDX-License-Identifier: Apache-2.0
#include "common/time/clock.h"

namespace dualtrace {

Tick SystemClock::tick() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace dualtrace
