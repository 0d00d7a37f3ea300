// SPDX-License-Identifier: Apache-2.0
#pragma once
// RawConfig: the contents of a configuration file. Each value is still an unparsed text under its
// path, which is a key of the schema, and it has the right shape. Everything is optional.
// Immutable.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/agent_config.h"
#include "common/config/yaml_tree.h"

namespace dualtrace {

struct RawConfig {
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, std::vector<std::string>, std::less<>> lists;
  std::map<std::string, std::map<std::string, std::string>, std::less<>> maps;
  std::set<std::string, std::less<>> sections;  // sections that occur: "arize", "arize.credentials"
};

// Adds unknown and repeated keys, wrong shapes and empty values to `faults`, and returns the rest.
RawConfig read_raw_config(const YamlNode& root, std::vector<ConfigFault>& faults);

}  // namespace dualtrace
