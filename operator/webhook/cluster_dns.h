// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClusterDns: what is known of the names that this cluster's DNS serves, and of who serves them:
// the resolver configuration that the kubelet gave to the operator's own pod, or what the
// installation says. docs/decisions/0034-how-pods-reach-agents.md. Immutable.

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

// A domain that a host name can end with: labels in lower case with dots between them, none at the
// end, short enough to leave room for a Service's name.
[[nodiscard]] bool is_cluster_domain(std::string_view text);

// Of a resolv.conf(5) in a pod of this namespace. Nothing is known when the text is not one that
// leads to the cluster's DNS (a pod on the host's network, or a machine that is no node).
[[nodiscard]] ClusterDns read_cluster_dns(std::string_view resolver_configuration,
                                          std::string_view pod_namespace);

// The cluster's domain by the search list "shop.svc.DOMAIN svc.DOMAIN DOMAIN …"; "" when it has no
// entry "svc.DOMAIN".
[[nodiscard]] std::string domain_of(const std::vector<std::string>& searches);

}  // namespace dualtrace::ctl
