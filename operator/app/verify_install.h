// SPDX-License-Identifier: Apache-2.0
#pragma once
// `dualtrace-operator verify-install`: checks whether an installation works, in the same way as its
// users: with objects that the API server admits in a dry run and does not store. `helm test` runs
// it, because the image has no shell. Needs permission to create and patch pods and exports in one
// namespace.
// Used from one thread.

#include <string>
#include <vector>

#include "common/kube/api.h"
#include "operator/app/environment.h"

namespace dualtrace::ctl {

struct InstallQuestion {
  std::string namespace_name;  // must be served, and the webhook must review its pods
  bool webhook = false;        // whether the webhook must answer
};

struct InstallFinding {
  std::string what;   // "a valid export is accepted"
  std::string fault;  // "": true; else why not, and what to do
};

[[nodiscard]] std::vector<InstallFinding> verify_install(kube::Api& api,
                                                         const InstallQuestion& question);

// Prints a line for each finding; returns the exit code. argv[0] is "verify-install".
[[nodiscard]] int run_verify_install(int argc, const char* const* argv,
                                     const Environment& environment, const std::string& version);

}  // namespace dualtrace::ctl
