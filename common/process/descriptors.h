// SPDX-License-Identifier: Apache-2.0
#pragma once
// How many files and sockets the process may have open at a time. Whoever lets strangers open some
// asks first how many are left for them: a process without descriptors cannot read its own files.
// Used from one thread, the first one.

#include <cstdint>

namespace dualtrace {

// Raises the process's limit to what it is allowed to raise it to; returns what is in force then.
uint64_t raise_descriptor_limit();

}  // namespace dualtrace
