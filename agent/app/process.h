#pragma once
// What the program asks of the operating system: a process that leaks nothing, memory kept and
// given back, and the wait for the signal that ends it. Used from one thread, the first one; but
// for give_back_freed_memory(), which is thread-safe.

namespace dualtrace::agent {

// The journal holds prompts and the process holds keys: what it creates is for its own user, and no
// core is written. Freed memory is kept for the next request. Blocks SIGTERM and SIGINT for
// wait_for_stop_signal(): call it before any thread is started, since they inherit that.
void prepare_process();

// Gives back what a burst left: free memory beyond what the next requests use again. Takes
// milliseconds when there is much; not for a thread that anybody waits for.
void give_back_freed_memory();

// Returns at SIGTERM or SIGINT, with the signal's name.
const char* wait_for_stop_signal();

}  // namespace dualtrace::agent
