// SPDX-License-Identifier: Apache-2.0
#pragma once
// Patience: how long to wait for an answer, and how large new batches may be, learned from requests
// that ran out of time. A destination that is slow for a while is given more time and less work;
// otherwise each request would be sent again just before its answer comes, for as long as that
// lasts. Bounds: kStepsMax steps, each twice the time and a quarter of the bytes. Used from one
// thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "common/time/clock.h"

namespace dualtrace::agent {

class Patience {
 public:
  explicit Patience(Duration configured) : configured_(configured) {}

  [[nodiscard]] Duration request_timeout() const { return configured_ * (1 << steps_); }
  [[nodiscard]] size_t batch_bytes(size_t usual) const {
    return std::max(usual >> (2 * steps_), std::min(usual, kBytesMin));
  }

  // `timeout` is what the request was given: several that were under way together teach one lesson.
  void timed_out(Duration timeout) {
    if (timeout < request_timeout()) return;
    steps_ = std::min(steps_ + 1, kStepsMax);
    in_time_ = 0;
  }
  void answered(Duration took) {
    if (took >= configured_ / 2) {
      in_time_ = 0;
    } else if (steps_ > 0 && ++in_time_ >= kAnswersToRelax) {
      --steps_;
      in_time_ = 0;
    }
  }

 private:
  static constexpr uint32_t kStepsMax = 2;
  static constexpr uint32_t kAnswersToRelax = 8;
  static constexpr size_t kBytesMin = 64 * 1024;

  const Duration configured_;
  uint32_t steps_ = 0;
  uint32_t in_time_ = 0;  // answers in a row that came well in time
};

}  // namespace dualtrace::agent
