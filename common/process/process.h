// SPDX-License-Identifier: Apache-2.0
#pragma once
// What each program asks of the operating system: a process that leaks nothing, and the wait for
// the signal that ends it. Used from one thread, the first one.

namespace dualtrace {

// Programs of ours hold keys and prompts: what they create is for their own user, and no core is
// written. Blocks
// SIGTERM and SIGINT for wait_for_stop_signal(): call it before any thread is started, since they
// inherit that.
void prepare_process();

// Returns at SIGTERM or SIGINT, with the signal's name.
const char* wait_for_stop_signal();

}  // namespace dualtrace
