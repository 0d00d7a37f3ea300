// SPDX-License-Identifier: Apache-2.0
#pragma once
// BatchSize: how large batches may be, learned from "too large" answers: drops at once to half of
// what was refused, and grows slowly while deliveries succeed. Used from one thread.

#include <cstddef>
#include <cstdint>

#include "agent/lane/batcher.h"

namespace dualtrace::agent {

class BatchSize {
 public:
  explicit BatchSize(BatchLimits configured)
      : configured_(configured), largest_(configured.bytes_max) {}

  [[nodiscard]] BatchLimits limits() const;
  // A request of that size was refused as too large. The new limit is half of the request, not half
  // of the old limit: several requests in flight count as one refusal.
  void refused(size_t bytes);
  void delivered();

 private:
  static constexpr size_t kBytesMin = 64 * 1024;
  static constexpr uint32_t kDeliveriesToGrow = 64;

  const BatchLimits configured_;
  size_t largest_;
  uint32_t deliveries_ = 0;  // since largest_ changed
};

}  // namespace dualtrace::agent
