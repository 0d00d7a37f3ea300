// SPDX-License-Identifier: Apache-2.0
#pragma once
// WaitingRoom: runs the webhook's reviews that may send requests to the API server, so that other
// reviews never wait for them. They run one after the other on the room's thread. Each has a
// deadline for its requests, counted from its arrival. If the room is full, a review runs
// immediately on the caller's thread, with no time to wait. Used by WebhookServer. run() is
// thread-safe.

#include <atomic>
#include <functional>

#include "common/time/scheduler.h"

namespace dualtrace::ctl {

class WaitingRoom {
 public:
  using Task = std::function<void(Tick wait_until)>;
  struct Limits {
    size_t tasks_max;   // waiting or running
    Duration patience;  // of each
  };

  // Tasks run on the scheduler's thread; it is stopped before the room is destroyed.
  WaitingRoom(Scheduler& scheduler, Limits limits) : scheduler_(scheduler), limits_(limits) {}
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  void run(Task task);

 private:
  Scheduler& scheduler_;
  const Limits limits_;
  std::atomic<size_t> tasks_{0};
};

}  // namespace dualtrace::ctl
