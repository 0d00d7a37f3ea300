// SPDX-License-Identifier: Apache-2.0
#pragma once
// HeldConnections: the connections that black holes keep open without an answer, until the fault
// ends.
// Thread-safe.

#include <memory>
#include <utility>
#include <vector>

#include "common/sync/mutex.h"
#include "tests/sandbox/destination.h"

namespace dualtrace::sandbox {

class HeldConnections {
 public:
  // `answerer` closes its connection on destruction.
  void hold(Destination destination, std::shared_ptr<void> answerer);
  void release(Destination destination);

 private:
  Mutex mutex_;
  std::vector<std::pair<Destination, std::shared_ptr<void>>> held_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::sandbox
