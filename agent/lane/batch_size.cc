// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/batch_size.h"

#include <algorithm>

namespace dualtrace::agent {

BatchLimits BatchSize::limits() const {
  return {std::min(configured_.bytes_target, largest_), largest_};
}

void BatchSize::refused(size_t bytes) {
  largest_ = std::min(largest_, std::max(kBytesMin, bytes / 2));
  deliveries_ = 0;
}

void BatchSize::delivered() {
  if (largest_ == configured_.bytes_max || ++deliveries_ < kDeliveriesToGrow) return;
  largest_ = std::min(configured_.bytes_max, largest_ + largest_ / 4);
  deliveries_ = 0;
}

}  // namespace dualtrace::agent
