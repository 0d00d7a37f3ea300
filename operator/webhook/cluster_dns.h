// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClusterDns: the known domain and servers of this cluster's DNS: from the resolver configuration
// that the kubelet gave the operator's own pod, or from the installation's settings.
// docs/decisions/0034-how-pods-reach-agents.md. Immutable.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dualtrace::ctl {

struct ClusterDns {
  std::string domain{};                // "cluster.local"; "": not known
  std::vector<std::string> servers{};  // addresses; empty: not known
  bool operator==(const ClusterDns&) const = default;
};

// A valid domain suffix: lower-case labels separated by dots, without a trailing dot, short enough
// to leave room for a Service's name.
[[nodiscard]] bool is_cluster_domain(std::string_view text);

// From a resolv.conf(5) in a pod of this namespace. Empty if the text does not point to the
// cluster's DNS (a pod on the host's network, or a machine that is not a node).
[[nodiscard]] ClusterDns read_cluster_dns(std::string_view resolver_configuration,
                                          std::string_view pod_namespace);

// The cluster's domain according to the search list "shop.svc.DOMAIN svc.DOMAIN DOMAIN …"; "" if it
// has no entry "svc.DOMAIN".
[[nodiscard]] std::string domain_of(const std::vector<std::string>& searches);

}  // namespace dualtrace::ctl
