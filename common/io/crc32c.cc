// SPDX-License-Identifier: Apache-2.0
#include "common/io/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>

namespace dualtrace {

uint32_t crc32c(std::string_view bytes, uint32_t before) {
  constexpr size_t kStep = size_t{1} << 30;  // ISA-L counts in int
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const std::string_view step = bytes.substr(0, kStep);
    // ISA-L takes a mutable pointer and only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(step.data()));
    state = crc32_iscsi(data, static_cast<int>(step.size()), state);
    bytes.remove_prefix(step.size());
  }
  return ~state;
}

}  // namespace dualtrace
