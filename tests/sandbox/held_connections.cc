// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/held_connections.h"

namespace dualtrace::sandbox {

void HeldConnections::hold(Destination destination, std::shared_ptr<void> answerer) {
  Lock lock(mutex_);
  held_.emplace_back(destination, std::move(answerer));
}

void HeldConnections::release(Destination destination) {
  std::vector<std::shared_ptr<void>> released;  // released after the lock
  Lock lock(mutex_);
  std::erase_if(held_, [&](auto& entry) {
    if (entry.first != destination) return false;
    released.push_back(std::move(entry.second));
    return true;
  });
}

}  // namespace dualtrace::sandbox
