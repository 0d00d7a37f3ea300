// SPDX-License-Identifier: Apache-2.0
#pragma once
// BatchSize: how large batches may be, learned from "too large" answers: half of what was refused
// at once, grown back slowly while deliveries go well. Used from one thread.

#include <cstddef>
#include <cstdint>

#include "agent/lane/batcher.h"

namespace dualtrace::agent {

class BatchSize {
 public:
  explicit BatchSize(BatchLimits configured)
      : configured_(configured), largest_(configured.bytes_max) {}

  [[nodiscard]] BatchLimits limits() const;
  // A request of that size was refused as too large. Half of the request counts, not half of the
  // limit: several that are in flight teach one lesson.
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
