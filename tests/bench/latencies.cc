// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace dualtrace::bench {
namespace {

constexpr int kStepBits = 6;  // 64 buckets between successive powers of two
constexpr uint64_t kSteps = 1U << kStepBits;
constexpr size_t kBuckets = (64 - kStepBits + 1) * kSteps;

// Below 64 ns, one bucket each; above, the leading seven bits select the bucket.
size_t bucket_of(uint64_t nanos) {
  if (nanos < kSteps) return nanos;
  const int shift = static_cast<int>(std::bit_width(nanos)) - 1 - kStepBits;
  return (static_cast<size_t>(shift) + 1) * kSteps + ((nanos >> shift) - kSteps);
}

uint64_t upper_bound_of(size_t bucket) {
  if (bucket < kSteps) return bucket;
  const size_t shift = bucket / kSteps - 1;
  return ((bucket % kSteps + kSteps + 1) << shift) - 1;
}

}  // namespace

Latencies::Latencies() : buckets_(kBuckets) {}

void Latencies::add(Duration latency) {
  latency = std::max(latency, Duration(0));
  ++buckets_[bucket_of(static_cast<uint64_t>(latency.count()))];
  ++count_;
  max_ = std::max(max_, latency);
}

Duration Latencies::percentile(double share) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen > 0 && seen >= wanted) {
      return std::min(Duration(upper_bound_of(bucket)), max_);
    }
  }
  return max_;
}

}  // namespace dualtrace::bench
