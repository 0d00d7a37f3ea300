// SPDX-License-Identifier: Apache-2.0
#pragma once
// Environment: the process's inputs besides its options: environment variables and the files of its
// pod. The only place in the operator that reads them; tests fill one in.
// Immutable.

#include <map>
#include <optional>
#include <string>

namespace dualtrace::ctl {

struct Environment {
  std::map<std::string, std::string> variables;  // those in use that are set and not empty
  std::string host_name;                         // in a pod, the pod's name
  std::string pod_namespace;                     // "" outside of a pod
  std::string resolver_configuration{};          // of /etc/resolv.conf

  [[nodiscard]] std::optional<std::string> variable(const std::string& name) const;
};

[[nodiscard]] Environment read_environment();

}  // namespace dualtrace::ctl
