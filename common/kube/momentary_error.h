// SPDX-License-Identifier: Apache-2.0
#pragma once
// Errors that the request did not cause: the API server is busy, restarting or unreachable. Used by
// code that decides whether to retry or to report. Pure.

#include "common/error/error.h"

namespace dualtrace::kube {

// The same request may succeed a moment later.
[[nodiscard]] inline bool is_momentary(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kThrottled;
}

}  // namespace dualtrace::kube
