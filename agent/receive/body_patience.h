// SPDX-License-Identifier: Apache-2.0
#pragma once
// BodyPatience: how long to wait for the rest of a request's body. A body has to keep arriving, at
// least at a slow pace: one that stops a byte short would otherwise occupy its memory for the whole
// time that a slow one may take. Used from one thread.

#include <algorithm>

#include "common/config/agent_config.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class BodyPatience {
 public:
  BodyPatience() = default;
  BodyPatience(const ReceiverLimits& limits, Tick begun)
      : pace_(limits.body_pace),
        end_(begun + limits.body_timeout),
        deadline_(pace_ == 0 ? end_ : std::min(end_, begun + kStall)) {}

  // Each byte extends the deadline by its time at the pace; never by more than a stall may last.
  void received(size_t bytes, Tick now) {
    if (pace_ == 0) return;
    const Duration bought(
        static_cast<int64_t>(1e9 * static_cast<double>(bytes) / static_cast<double>(pace_)));
    // If this thread is late itself, the client does not lose that time.
    deadline_ = std::min({end_, now + kStall, std::max(deadline_, now) + bought});
  }
  [[nodiscard]] Tick deadline() const { return deadline_; }

 private:
  static constexpr Duration kStall = std::chrono::seconds(5);

  uint64_t pace_ = 0;  // bytes a second
  Tick end_{};
  Tick deadline_{};
};

}  // namespace dualtrace::agent
