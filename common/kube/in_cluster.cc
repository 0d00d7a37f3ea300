// SPDX-License-Identifier: Apache-2.0
#include "common/kube/in_cluster.h"

#include <utility>

namespace dualtrace::kube {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

}  // namespace

Result<ClientConfig> in_cluster_config(const std::string& service_host,
                                       const std::string& service_port, FileSystem& files,
                                       const std::string& folder) {
  if (service_host.empty() || service_port.empty()) {
    return fail(ErrorKind::kNotFound,
                "not in a cluster: KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set");
  }
  const bool needs_brackets =
      service_host.find(':') != std::string::npos && !service_host.starts_with('[');
  auto server = parse_url("https://" + (needs_brackets ? "[" + service_host + "]" : service_host) +
                          ":" + service_port);
  if (!server) return fail(server.error().with_prefix("KUBERNETES_SERVICE_HOST: "));
  ClientConfig config{.server = *std::move(server)};
  config.tls.ca_file = folder + "/ca.crt";
  config.token_file = folder + "/token";
  for (const std::string& path : {config.tls.ca_file, config.token_file}) {
    const auto content = read_file(files, path, kFileBytesMax);
    if (!content) {
      return fail(ErrorKind::kUnavailable,
                  "the pod's service account cannot be used: " + content.error().message);
    }
  }
  if (auto name = read_file(files, folder + "/namespace", kFileBytesMax)) {
    config.namespace_name = trimmed(*std::move(name));
  }
  return config;
}

}  // namespace dualtrace::kube
