// SPDX-License-Identifier: Apache-2.0
#pragma once
// Patience: how long to wait for an answer, and how large new batches may be, learned from requests
// that timed out. A destination that is slow for a while gets more time and less work. Otherwise,
// each request would be resent just before its answer arrives for as long as it is slow. Bounds:
// kStepsMax steps, each twice the time and a quarter of the bytes. Used from one thread.

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

  // `timeout` is the one that the request had: several requests in flight together count once.
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
  uint32_t in_time_ = 0;  // consecutive answers that arrived well in time
};

}  // namespace dualtrace::agent
