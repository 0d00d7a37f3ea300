// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line of dualtrace-sandbox. Keys and tokens come from files, so that no process list
// shows them.
// Immutable once parsed.

#include <string>
#include <vector>

#include "common/error/result.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/listeners.h"

namespace dualtrace::sandbox {

struct Options {
  std::string folder;
  std::string listen = "127.0.0.1";
  DestinationPorts ports{};
  uint16_t admin_port = 0;
  bool tls = false;
  std::vector<std::string> names{"localhost", "127.0.0.1", "::1"};  // in the server's certificate
  bool keep_bodies = true;
  Access access{};
};

// The text for --help and --version (exit code 0), or the description of a mistake, is in the error
// of kCancelled or kInvalid.
Result<Options> parse_options(int argc, const char* const* argv);

}  // namespace dualtrace::sandbox
