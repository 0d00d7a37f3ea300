// SPDX-License-Identifier: Apache-2.0
#pragma once
// Clock: wall time and the monotonic tick together, so that a test or a simulation can control
// both. Everything that needs the time takes a Clock&; nothing else in the tree reads the system
// clocks.
// Thread-safe.

#include <chrono>
#include <cstdint>

namespace dualtrace {

using Duration = std::chrono::nanoseconds;
using Tick = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Tick tick() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Tick tick() const override;
  [[nodiscard]] WallTime wall() const override;
};

[[nodiscard]] inline int64_t unix_nanos(WallTime when) { return when.time_since_epoch().count(); }
[[nodiscard]] inline WallTime from_unix_nanos(int64_t nanos) { return WallTime(Duration(nanos)); }

}  // namespace dualtrace
