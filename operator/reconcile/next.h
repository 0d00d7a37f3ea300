// SPDX-License-Identifier: Apache-2.0
#pragma once
// Next: what a reconciliation that went well says about when to look again. What went wrong is an
// Error beside it: control/ tries again with growing delays.
// Immutable.

#include <functional>
#include <optional>

#include "common/error/result.h"
#include "common/kube/object.h"
#include "common/time/clock.h"

namespace dualtrace::ctl {

struct Next {
  std::optional<Duration> after;  // nothing: only when something changes

  static Next await_change() { return {}; }
  static Next requeue_after(Duration delay) { return {delay}; }
};

// Drives the world towards what the export of that key wants; level-based: the key is all it is
// told. Blocks; called from worker threads, never twice at once for the same key. An error of
// kind kInvalid cannot be cured by trying again and is not: only a change or the slow resync is.
using Reconcile = std::function<Result<Next>(const kube::ObjectKey&)>;

}  // namespace dualtrace::ctl
