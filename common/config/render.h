// SPDX-License-Identifier: Apache-2.0
#pragma once
// render_yaml(): the inverse of parse_yaml(). The operator writes the agent's configuration with
// it: readable block YAML, with quotes around texts that would otherwise be read differently. The
// result parses to the same tree (tested for many trees), except for bytes that are not UTF-8.
// Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/config/yaml_tree.h"

namespace dualtrace {

[[nodiscard]] YamlNode yaml_text(std::string_view key, std::string_view text);
[[nodiscard]] YamlNode yaml_list(std::string_view key, const std::vector<std::string>& texts);
[[nodiscard]] YamlNode yaml_map(std::string_view key, std::vector<YamlNode> children);

// Every line ends with a newline.
[[nodiscard]] std::string render_yaml(const YamlNode& root);

}  // namespace dualtrace
