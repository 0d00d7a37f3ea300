// SPDX-License-Identifier: Apache-2.0
#pragma once
// Latch: lets one thread wait, with or without a deadline, until the count reaches zero.
// Thread-safe.

#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Latch {
 public:
  explicit Latch(size_t count) : count_(count) {}

  void count_down() {
    Lock lock(mutex_);
    --count_;
    zero_.notify_all();
  }
  void wait() {
    Lock lock(mutex_);
    while (count_ > 0) zero_.wait(mutex_);
  }
  // Returns whether the count reached zero in time.
  bool wait_until(Tick deadline) {
    Lock lock(mutex_);
    while (count_ > 0) {
      if (!zero_.wait_until(mutex_, deadline)) return count_ == 0;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar zero_;
  size_t count_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
