// SPDX-License-Identifier: Apache-2.0
#pragma once
// CallbackGate: lets callbacks of a handle run until the handle is destroyed, one at a time. The
// handle decides their arguments.
// Thread-safe.

#include <thread>

#include "common/sync/mutex.h"

namespace dualtrace {

class CallbackGate {
 public:
  CallbackGate() = default;
  CallbackGate(const CallbackGate&) = delete;
  CallbackGate& operator=(const CallbackGate&) = delete;

  // Runs the callback, unless the gate is closed.
  template <typename Callback>
  void pass(const Callback& callback) {
    if (!enter()) return;
    callback();
    leave();
  }

  // After it returns, no callback starts and none is running: it waits for one on another thread.
  // May be called from within a callback, which is then the last.
  void close() {
    const Lock lock(mutex_);
    closed_ = true;
    while (inside_ != std::thread::id() && inside_ != std::this_thread::get_id()) {
      changed_.wait(mutex_);
    }
  }

 private:
  bool enter() {
    const Lock lock(mutex_);
    while (!closed_ && inside_ != std::thread::id()) changed_.wait(mutex_);
    if (closed_) return false;
    inside_ = std::this_thread::get_id();
    return true;
  }
  void leave() {
    const Lock lock(mutex_);
    inside_ = {};
    changed_.notify_all();
  }

  Mutex mutex_;
  CondVar changed_;
  bool closed_ DT_GUARDED_BY(mutex_) = false;
  std::thread::id inside_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace
