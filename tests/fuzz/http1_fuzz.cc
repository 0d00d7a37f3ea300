// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 from a client, in pieces whose size the first byte chooses: whatever comes, the session
// stays within its limits, gives every byte of budget back and ends when its input does.

#include "tests/fuzz/session_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dualtrace::agent::fuzz_session(dualtrace::agent::make_http1_session, "", data, size);
  return 0;
}
