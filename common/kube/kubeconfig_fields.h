// SPDX-License-Identifier: Apache-2.0
#pragma once
// The fields of one cluster and one user of a kubeconfig, put into a ClientConfig. Part of
// kubeconfig.h; the fields that dualtrace cannot honour are refused, not passed over.
// Pure.

#include <string>
#include <string_view>

#include "common/config/yaml_tree.h"
#include "common/error/result.h"
#include "common/kube/config.h"

namespace dualtrace::kube {

struct KubeconfigEntry {
  const YamlNode& fields;
  std::string folder;  // that relative paths begin from
  std::string label;   // before every error
};

// nullptr when there is none, or nothing but `null`.
[[nodiscard]] const YamlNode* child_of(const YamlNode& map, std::string_view key);
// "" when there is none or it is not text.
[[nodiscard]] std::string text_of(const YamlNode& map, std::string_view key);

Status read_cluster(const KubeconfigEntry& entry, ClientConfig& config);
Status read_user(const KubeconfigEntry& entry, ClientConfig& config);

}  // namespace dualtrace::kube
