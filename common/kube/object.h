// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names in Kubernetes: ResourceType (which API), ObjectKey (which of its objects), and functions
// that read an object's metadata. Objects themselves are Json, as the API server sent them.
// Immutable.

#include <compare>
#include <string>
#include <string_view>

#include "common/json/json.h"

namespace dualtrace::kube {

struct ObjectKey {
  std::string namespace_name;
  std::string name;

  // "namespace/name", or "name" for cluster-scoped objects.
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const ObjectKey&) const = default;
};

[[nodiscard]] ObjectKey key_of(const Json& object);
// Being deleted: it exists only until its finalizers are done.
[[nodiscard]] bool is_ending(const Json& object);

struct ResourceType {
  std::string_view group;  // "" for the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;

  [[nodiscard]] std::string api_version() const;  // "apps/v1"; "v1" for the core
  // "/apis/apps/v1/namespaces/x/daemonsets"; for all namespaces if the name is "".
  [[nodiscard]] std::string collection_path(std::string_view namespace_name) const;
  [[nodiscard]] std::string object_path(const ObjectKey& key) const;
  bool operator==(const ResourceType&) const = default;
};

inline constexpr ResourceType kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr ResourceType kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet"};
inline constexpr ResourceType kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr ResourceType kNetworkPolicies{"networking.k8s.io", "v1", "networkpolicies",
                                               "NetworkPolicy"};
inline constexpr ResourceType kNamespaces{"", "v1", "namespaces", "Namespace"};
inline constexpr ResourceType kPods{"", "v1", "pods", "Pod"};
inline constexpr ResourceType kSecrets{"", "v1", "secrets", "Secret"};
inline constexpr ResourceType kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
inline constexpr ResourceType kServices{"", "v1", "services", "Service"};

}  // namespace dualtrace::kube
