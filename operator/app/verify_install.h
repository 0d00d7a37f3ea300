// SPDX-License-Identifier: Apache-2.0
#pragma once
// `dualtrace-operator verify-install`: whether an installation works, asked as its users would, by
// objects that the API server admits and does not store. What `helm test` runs: the image has no
// shell. Needs the rights to create and patch pods and exports in one namespace.
// Used from one thread.

#include <string>
#include <vector>

#include "common/kube/api.h"
#include "operator/app/environment.h"

namespace dualtrace::ctl {

struct InstallQuestion {
  std::string namespace_name;  // one that is served, and whose pods the webhook looks at
  bool webhook = false;        // whether it is to be there
};

struct InstallFinding {
  std::string what;   // "an export is accepted"
  std::string fault;  // "": it is so; else why not, and what to do
};

[[nodiscard]] std::vector<InstallFinding> verify_install(kube::Api& api,
                                                         const InstallQuestion& question);

// Prints a line for each finding; the code to exit with. argv[0] is "verify-install".
[[nodiscard]] int run_verify_install(int argc, const char* const* argv,
                                     const Environment& environment, const std::string& version);

}  // namespace dualtrace::ctl
