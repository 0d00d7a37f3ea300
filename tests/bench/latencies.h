// SPDX-License-Identifier: Apache-2.0
#pragma once
// Latencies: a histogram of durations in fixed memory. Buckets are 1.6 % wide, so that percentiles
// over millions of requests cost nothing during the measurement. Used from one thread.

#include <cstdint>
#include <vector>

#include "common/time/clock.h"

namespace dualtrace::bench {

class Latencies {
 public:
  Latencies();

  void add(Duration latency);  // negative values count as zero
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] Duration max() const { return max_; }
  // The upper bound of the lowest bucket with at least `share` of all values up to it, at most
  // max(); zero if there are none.
  [[nodiscard]] Duration percentile(double share) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  Duration max_{0};
};

}  // namespace dualtrace::bench
