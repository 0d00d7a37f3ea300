// SPDX-License-Identifier: Apache-2.0
#include "operator/app/environment.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "common/io/posix_file_system.h"

namespace dualtrace::ctl {
namespace {

constexpr std::array<const char*, 4> kVariables{"KUBECONFIG", "HOME", "KUBERNETES_SERVICE_HOST",
                                                "KUBERNETES_SERVICE_PORT"};
constexpr const char* kPodNamespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
constexpr size_t kNamespaceBytesMax = 64;
constexpr const char* kResolverFile = "/etc/resolv.conf";
constexpr size_t kResolverBytesMax = size_t{64} * 1024;

}  // namespace

std::optional<std::string> Environment::variable(const std::string& name) const {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

Environment read_environment() {
  Environment environment;
  for (const char* name : kVariables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') environment.variables.emplace(name, value);
  }
  std::array<char, HOST_NAME_MAX + 1> host_name{};
  if (::gethostname(host_name.data(), host_name.size() - 1) == 0) {
    environment.host_name = host_name.data();
  }
  PosixFileSystem files;
  if (auto text = read_file(files, kPodNamespaceFile, kNamespaceBytesMax)) {
    environment.pod_namespace = text->substr(0, text->find_last_not_of(" \n") + 1);
  }
  if (auto text = read_file(files, kResolverFile, kResolverBytesMax)) {
    environment.resolver_configuration = *std::move(text);
  }
  return environment;
}

}  // namespace dualtrace::ctl
