// SPDX-License-Identifier: Apache-2.0
#pragma once
// What each program sets up in the operating system: a process that leaks no data, and the wait for
// a signal that ends it. Used from one thread, the first one.

namespace dualtrace {

// Our programs hold keys and prompts, so the files that they create are for their own user only,
// and no core is written. Blocks SIGTERM and SIGINT for wait_for_stop_signal(): call it before any
// thread is started, since threads inherit the signal mask.
void prepare_process();

// Returns on SIGTERM or SIGINT, with the name of the signal.
const char* wait_for_stop_signal();

}  // namespace dualtrace
