// SPDX-License-Identifier: Apache-2.0
#pragma once
// WaitingRoom: where the webhook's reviews run that may ask the API server something, so that those
// that ask nobody never wait for them. One after the other on the room's thread, each with a moment
// until which it may wait, counted from when it came. Who finds the room full is served at once, by
// whoever brings it, with no time to wait. Used by WebhookServer.
// run() is thread-safe.

#include <atomic>
#include <functional>

#include "common/time/scheduler.h"

namespace dualtrace::ctl {

class WaitingRoom {
 public:
  using Task = std::function<void(Tick wait_until)>;
  struct Limits {
    size_t tasks_max;   // that wait or run
    Duration patience;  // of each
  };

  // The scheduler's thread is the room's; it is stopped before the room is destroyed.
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
