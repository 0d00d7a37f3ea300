// SPDX-License-Identifier: Apache-2.0
#pragma once
// run_program: runs a child process with a time limit and returns its output. Its standard input is
// empty; it shares our standard error, so that it can tell a person what to do; its environment is
// ours plus additions. Used for credential plugins.
// Thread-safe.

#include <string>
#include <utility>
#include <vector>

#include "common/error/result.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

struct Program {
  std::string command;  // looked up in PATH unless it has a "/"
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};
};

// Blocks. kNotFound (no such program), kUnavailable (any end other than exit 0), kCancelled (not
// done in time), kExhausted (printed too much). The program and the children in its process group
// have exited or been killed when this returns.
Result<std::string> run_program(const Program& program, Duration time_limit,
                                size_t output_bytes_max, const Clock& clock);

}  // namespace dualtrace::kube
