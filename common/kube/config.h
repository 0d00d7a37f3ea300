// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientConfig: the address of the API server, how to verify it, and how to authenticate. Made by
// in_cluster.h or kubeconfig.h, used by ApiClient.
// Immutable.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/net/tls.h"
#include "common/net/url.h"

namespace dualtrace::kube {

// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string api_version;  // client.authentication.k8s.io/v1 or …/v1beta1
  std::string command;      // looked up in PATH unless it has a "/"
  std::vector<std::string> arguments{};
  std::vector<std::pair<std::string, std::string>> environment{};  // in addition to our own
  bool wants_cluster_info = false;

  bool operator==(const ExecPlugin&) const = default;
};

struct ClientConfig {
  Url server;  // its path goes before that of every request
  TlsClientOptions tls{};
  std::optional<Url> proxy{};
  std::string namespace_name{};  // the default namespace; may be ""

  // How to authenticate, besides a certificate in `tls`: the first of these that is set.
  std::string token_file{};
  std::string token{};
  std::string username{};
  std::string password{};
  std::optional<ExecPlugin> exec{};

  bool operator==(const ClientConfig&) const = default;
};

}  // namespace dualtrace::kube
