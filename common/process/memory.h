// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a program keeps freed memory, and when it returns it. keep_freed_memory() and share_arenas()
// are called from the first thread, before any other is started; give_back_freed_memory() is
// thread-safe.
// Used from one thread, except for give_back_freed_memory().

#include <cstddef>

namespace dualtrace {

// Limits the number of the allocator's arenas, since each keeps the memory that its threads freed.
void share_arenas();

// Also keeps freed memory for the next request, since bodies and batches of megabytes come and go.
void keep_freed_memory();

// Returns free memory to the kernel after a burst, except for `kept` bytes, which are reused soon.
// May take milliseconds; do not call it on a thread that others wait for.
void give_back_freed_memory(size_t kept);

}  // namespace dualtrace
