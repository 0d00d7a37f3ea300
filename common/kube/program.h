// SPDX-License-Identifier: Apache-2.0
#pragma once
// run_program: what a child process prints, within a time limit. Its standard input is empty, its
// standard error is ours, so that it can tell a person what to do; its environment is ours and
// what is added. Used for credential plugins.
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

// Blocks. kNotFound (no such program), kUnavailable (another end than exit 0), kCancelled (not done
// in time), kExhausted (printed too much). It and the children in its process group are gone, or
// killed, when this returns.
Result<std::string> run_program(const Program& program, Duration time_limit,
                                size_t output_bytes_max, const Clock& clock);

}  // namespace dualtrace::kube
