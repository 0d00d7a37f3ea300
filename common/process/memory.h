// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a program keeps the memory that it frees, and when it gives it back. keep_freed_memory() and
// share_arenas() are used from one thread, the first one, before any other is started;
// give_back_freed_memory() is thread-safe.

#include <cstddef>

namespace dualtrace {

// Few of the allocator's arenas, since each keeps what its threads freed.
void share_arenas();

// Freed memory is kept for the next request, too: for bodies and batches that come and go by the
// megabyte.
void keep_freed_memory();

// Gives back what a burst left: free memory beyond `kept` bytes, which are used again soon. Takes
// milliseconds when there is much; not for a thread that anybody waits for.
void give_back_freed_memory(size_t kept);

}  // namespace dualtrace
