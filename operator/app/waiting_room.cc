// SPDX-License-Identifier: Apache-2.0
#include "operator/app/waiting_room.h"

#include <utility>

namespace dualtrace::ctl {

void WaitingRoom::run(Task task) {
  const Tick now = scheduler_.clock().tick();
  if (tasks_.fetch_add(1) >= limits_.tasks_max) {
    --tasks_;
    return task(now);
  }
  scheduler_.post([this, task = std::move(task), until = now + limits_.patience] {
    task(until);
    --tasks_;
  });
}

}  // namespace dualtrace::ctl
