// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/data_bytes.h"

namespace dualtrace::ctl {
namespace {

constexpr uint64_t kMebibyte = 1ULL << 20;

}  // namespace

uint64_t data_bytes_max(const AgentConfig& config) {
  const uint64_t lanes = config.destinations();
  const DeliveryConfig& delivery = config.delivery;
  // Segments that are being written, that wait to be written, and that are partly delivered.
  constexpr uint64_t kSpareSegments = 4;
  const uint64_t bytes = lanes * (delivery.max_backlog + delivery.max_dead_letters) +
                         kSpareSegments * delivery.segment_bytes;
  return (bytes + kMebibyte - 1) / kMebibyte * kMebibyte;
}

}  // namespace dualtrace::ctl
