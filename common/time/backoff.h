// SPDX-License-Identifier: Apache-2.0
#pragma once
// How long to wait before the next attempt: exponential back-off with full jitter, pure.
// Immutable.

#include "common/random/random.h"
#include "common/time/clock.h"

namespace dualtrace {

struct Backoff {
  Duration base = std::chrono::seconds(1);
  Duration max = std::chrono::seconds(30);

  // `attempt` counts the failures so far, from 1. Uniform in [base/2, min(max, base *
  // 2^(attempt-1))]: full jitter, but never so short that it becomes a busy loop.
  [[nodiscard]] Duration delay(uint32_t attempt, Random& random) const;
};

}  // namespace dualtrace
