// SPDX-License-Identifier: Apache-2.0
// HTTP/2 frames from a client, after the preface, in pieces whose size is given by the first byte:
// whatever arrives, the session stays within its limits, releases every byte of budget and ends
// with its input.

#include "tests/fuzz/session_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dualtrace::agent::fuzz_session(dualtrace::agent::make_http2_session,
                                 "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", data, size);
  return 0;
}
