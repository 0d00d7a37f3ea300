// SPDX-License-Identifier: Apache-2.0
#include "common/config/receiver_sizes.h"

#include <algorithm>

namespace dualtrace {
namespace {

constexpr uint64_t kMebibyte = 1ULL << 20;
// Memory that the agent needs besides the spans that it receives: batches read ahead and their
// compressed form, data that lanes share, the process itself.
constexpr uint64_t kRestBytes = 128 * kMebibyte;
constexpr uint64_t kMemoryBytesMost = 1ULL << 40;       // the configuration's own bound
constexpr uint64_t kRequestBytesLeast = 4 * kMebibyte;  // what gRPC clients send at most by default

uint64_t whole_mebibytes(uint64_t bytes) {
  return std::max(bytes / kMebibyte, uint64_t{1}) * kMebibyte;
}

// What remains for the receiver, but at least a quarter, so that an agent with a small limit still
// receives something, and at most half, because requests that are larger than a batch are copied on
// their way.
uint64_t memory_bytes_of(uint64_t limit) {
  const uint64_t left_over = limit > kRestBytes ? limit - kRestBytes : 0;
  const uint64_t bytes = std::clamp(left_over, limit / 4, limit / 2);
  return whole_mebibytes(std::min(bytes, kMemoryBytesMost));
}

}  // namespace

ReceiverSizes receiver_sizes(uint64_t memory_limit) {
  const uint64_t memory = memory_bytes_of(memory_limit);
  // A single request may take at most a quarter.
  const uint64_t request = std::max(whole_mebibytes(memory / 4), kRequestBytesLeast);
  return {std::min({request, ReceiverLimits().request_bytes, memory}), memory};
}

ReceiverLimits limits_that_fit(const ReceiverLimits& configured,
                               std::optional<uint64_t> memory_limit) {
  if (!memory_limit) return configured;
  const ReceiverSizes sizes = receiver_sizes(*memory_limit);
  if (configured.memory_bytes <= sizes.memory_bytes) return configured;
  ReceiverLimits fitting = configured;
  fitting.memory_bytes = sizes.memory_bytes;
  fitting.request_bytes = std::min(configured.request_bytes, sizes.request_bytes);
  return fitting;
}

}  // namespace dualtrace
