// SPDX-License-Identifier: Apache-2.0
#pragma once
// The process setup that all programs share: leak no data, and wait for the signal that ends the
// process. Used from one thread, the first one.

namespace dualtrace {

// Our programs have keys and prompts in memory, so only their own user may read the files that they
// create, no core is written, and only root can trace the process. Blocks SIGTERM and SIGINT for
// wait_for_stop_signal(): call it before any thread is started, since threads inherit the signal
// mask.
void prepare_process();

// Returns on SIGTERM or SIGINT, with the name of the signal.
const char* wait_for_stop_signal();

}  // namespace dualtrace
