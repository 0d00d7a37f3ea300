// SPDX-License-Identifier: Apache-2.0
#pragma once
// Next: when to run again after a successful reconciliation. A failure is an Error instead:
// control/ retries it with backoff.
// Immutable.

#include <functional>
#include <optional>

#include "common/error/result.h"
#include "common/kube/object.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

struct Next {
  std::optional<Duration> after;  // nullopt: only when something changes

  static Next await_change() { return {}; }
  static Next requeue_after(Duration delay) { return {delay}; }
};

// Drives the cluster towards the spec of the export with that key. Level-based: the key is its only
// input. Blocks; called from worker threads, never concurrently for the same key. An error of
// kind kInvalid is not retried, because a retry cannot help: the export is reconciled again after a
// change or at the slow resync.
using Reconcile = std::function<Result<Next>(const kube::ObjectKey&)>;

}  // namespace dualtrace::ctl
