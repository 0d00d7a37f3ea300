// SPDX-License-Identifier: Apache-2.0
#include "common/bytes/shared_bytes.h"

#include <algorithm>

namespace dualtrace {

void SharedByteChain::append(SharedBytes bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  parts_.push_back(std::move(bytes));
}

std::string SharedByteChain::joined() const {
  std::string whole;
  whole.reserve(size_);
  for (const SharedBytes& part : parts_) whole += part.view();
  return whole;
}

bool SharedByteChain::is(const SharedByteChain& other) const {
  return std::equal(parts_.begin(), parts_.end(), other.parts_.begin(), other.parts_.end(),
                    [](const SharedBytes& a, const SharedBytes& b) { return a.is(b); });
}

}  // namespace dualtrace
