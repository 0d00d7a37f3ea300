// SPDX-License-Identifier: Apache-2.0
#pragma once
// DestinationStats: the part of GET /stats for one destination.
// Immutable value.

#include <cstdint>
#include <map>
#include <string>

namespace dualtrace::sandbox {

struct DestinationStats {
  uint64_t requests = 0;          // all that were completed, including refused ones
  uint64_t spans = 0;             // rows stored, including duplicates
  uint64_t unique = 0;            // distinct (trace_id, span_id)
  uint64_t exact_duplicates = 0;  // rows that are byte-identical to an earlier one
  uint64_t rejected = 0;          // spans refused by partial success
  uint64_t swallowed = 0;  // spans answered OK but not stored: a space name in place of its id
  std::map<std::string, uint64_t> refused{};  // requests, by reason

  [[nodiscard]] uint64_t duplicates() const { return spans - unique; }
  bool operator==(const DestinationStats&) const = default;
};

}  // namespace dualtrace::sandbox
