// SPDX-License-Identifier: Apache-2.0
#pragma once
// Latencies: a histogram of durations in fixed memory, each bucket 1.6 % wide, so that percentiles
// over millions of requests cost nothing while they are measured. Used from one thread.

#include <cstdint>
#include <vector>

#include "common/time/clock.h"

namespace dualtrace::bench {

class Latencies {
 public:
  Latencies();

  void add(Duration latency);  // below zero counts as zero
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] Duration max() const { return max_; }
  // The smallest bucket's upper bound that at least `share` of all lie within, at most max(); zero
  // without any.
  [[nodiscard]] Duration percentile(double share) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  Duration max_{0};
};

}  // namespace dualtrace::bench
