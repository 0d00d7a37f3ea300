// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the fields of one cluster and one user of a kubeconfig into a ClientConfig. Part of
// kubeconfig.h; fields that dualtrace does not support are rejected, not ignored.
// Pure.

#include <string>
#include <string_view>

#include "common/config/yaml_tree.h"
#include "common/error/result.h"
#include "common/kube/config.h"

namespace dualtrace::kube {

struct KubeconfigEntry {
  const YamlNode& fields;
  std::string folder;  // the base of relative paths
  std::string label;   // the prefix of every error
};

// nullptr if there is none, or only `null`.
[[nodiscard]] const YamlNode* child_of(const YamlNode& map, std::string_view key);
// "" if there is none or it is not text.
[[nodiscard]] std::string text_of(const YamlNode& map, std::string_view key);

Status read_cluster(const KubeconfigEntry& entry, ClientConfig& config);
Status read_user(const KubeconfigEntry& entry, ClientConfig& config);

}  // namespace dualtrace::kube
