// SPDX-License-Identifier: Apache-2.0
#pragma once
// How many files and sockets the process may have open at a time. Before accepting connections from
// clients, check how many can be spared: a process without file descriptors cannot read its own
// files.
// Used from one thread, the first one.

#include <cstdint>

namespace dualtrace {

// Raises the process's limit as far as it may; returns the limit in force afterwards.
uint64_t raise_descriptor_limit();

}  // namespace dualtrace
