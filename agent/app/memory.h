#pragma once
// How the agent keeps the memory that it frees, and when it gives it back. keep_freed_memory() is
// used from one thread, the first one; give_back_freed_memory() is thread-safe.

namespace dualtrace::agent {

// Freed memory is kept for the next request. Call it before any thread is started.
void keep_freed_memory();

// Gives back what a burst left: free memory beyond what the next requests use again. Takes
// milliseconds when there is much; not for a thread that anybody waits for.
void give_back_freed_memory();

}  // namespace dualtrace::agent
