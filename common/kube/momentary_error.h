// SPDX-License-Identifier: Apache-2.0
#pragma once
// Errors of which the request is not the cause: the API server is busy, restarting or out of reach.
// Used by those who decide whether to try again or to report. Pure.

#include "common/error/error.h"

namespace dualtrace::kube {

// The same request may succeed a moment later.
[[nodiscard]] inline bool is_momentary(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kThrottled;
}

}  // namespace dualtrace::kube
