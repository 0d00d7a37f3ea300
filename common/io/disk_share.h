// SPDX-License-Identifier: Apache-2.0
#pragma once
// DiskShare: a part of a disk, as a size or as a percentage of the whole, like the kubelet's
// eviction thresholds.
// Immutable.

#include <cstdint>
#include <string>

namespace dualtrace {

struct DiskShare {
  uint64_t bytes = 0;
  uint32_t percent = 0;  // used if it is not 0

  [[nodiscard]] uint64_t of(uint64_t disk_bytes) const {
    constexpr uint64_t kHundred = 100;
    if (percent == 0) return bytes;
    // In this order nothing overflows, and the rounding error is less than 100 bytes.
    return disk_bytes / kHundred * percent;
  }
  bool operator==(const DiskShare&) const = default;
};

}  // namespace dualtrace
