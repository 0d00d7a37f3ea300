// SPDX-License-Identifier: Apache-2.0
#pragma once
// DT_CHECK(condition): for our own invariants only. A failed check is a bug of ours and aborts the
// process; never use it for input, files, the network or Kubernetes.
// Thread-safe.

namespace dualtrace {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace dualtrace

#define DT_CHECK(condition)               \
  (static_cast<bool>(condition) ? void(0) \
                                : ::dualtrace::check_failed(#condition, __FILE__, __LINE__))
