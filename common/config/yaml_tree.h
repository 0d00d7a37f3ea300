// SPDX-License-Identifier: Apache-2.0
#pragma once
// The YAML of a configuration as a plain tree, parsed by yaml-cpp without its graph: one document,
// text keys, no anchors, aliases or tags, at most kYamlDepthMax levels. The tree is therefore
// exactly what a person sees in the file. Keys may still repeat; raw_config.h refuses that with
// their paths.
// Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"

namespace dualtrace {

inline constexpr size_t kYamlBytesMax = 1 << 20;
inline constexpr size_t kYamlDepthMax = 16;

struct YamlNode {
  enum class Kind { kNull, kText, kList, kMap };

  Kind kind = Kind::kNull;
  std::string key;   // in a map: the name of this child
  std::string text;  // kText
  int line = 0;      // from 1
  std::vector<YamlNode> children;
};

// An empty text is an empty map. The error names the line.
Result<YamlNode> parse_yaml(std::string_view text);

}  // namespace dualtrace
