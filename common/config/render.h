// SPDX-License-Identifier: Apache-2.0
#pragma once
// render_yaml(): the other direction of parse_yaml(). The operator writes the agent's configuration
// with it: readable block YAML, texts quoted where they would not be read as themselves. What is
// rendered parses to the same tree (tested over many); what is not UTF-8 does not survive.
// Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/config/yaml_tree.h"

namespace dualtrace {

[[nodiscard]] YamlNode yaml_text(std::string_view key, std::string_view text);
[[nodiscard]] YamlNode yaml_list(std::string_view key, const std::vector<std::string>& texts);
[[nodiscard]] YamlNode yaml_map(std::string_view key, std::vector<YamlNode> children);

// Lines that end with a line break.
[[nodiscard]] std::string render_yaml(const YamlNode& root);

}  // namespace dualtrace
