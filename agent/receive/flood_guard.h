// SPDX-License-Identifier: Apache-2.0
#pragma once
// FloodGuard: how many frames without a request one HTTP/2 connection may send per second: stream
// resets (CVE-2023-44487 and similar), and PING, SETTINGS, PRIORITY, empty DATA and the like.
// Complete requests allow a client more of the latter, because well-behaved clients send pings with
// their traffic. Used from one thread.

#include <cstdint>

#include "common/time/clock.h"

namespace dualtrace::agent {

class FloodGuard {
 public:
  explicit FloodGuard(uint32_t resets_per_second) : resets_per_second_(resets_per_second) {}

  // False: too many, close the connection.
  bool allow_reset(Tick now) {
    roll(now);
    return ++resets_ <= resets_per_second_;
  }
  bool allow_frame(Tick now) {
    roll(now);
    return ++frames_ <= kFramesPerReset * resets_per_second_ + kFramesPerRequest * requests_;
  }
  void request() { ++requests_; }

 private:
  static constexpr uint64_t kFramesPerReset = 10;
  static constexpr uint64_t kFramesPerRequest = 10;

  void roll(Tick now) {
    if (now - second_begun_ < std::chrono::seconds(1)) return;
    second_begun_ = now;
    resets_ = frames_ = requests_ = 0;
  }

  const uint64_t resets_per_second_;
  Tick second_begun_{};
  uint64_t resets_ = 0;
  uint64_t frames_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace dualtrace::agent
