// SPDX-License-Identifier: Apache-2.0
#pragma once
// RawConfig: what a configuration file says, each value still a text under its path, known to be a
// key of the schema and of the right shape, but not read yet. Everything may be missing.
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
  std::set<std::string, std::less<>>
      sections;  // those that are written: "arize", "arize.credentials"
};

// Adds unknown and repeated keys, wrong shapes and empty values to `faults`; the rest is returned.
RawConfig read_raw_config(const YamlNode& root, std::vector<ConfigFault>& faults);

}  // namespace dualtrace
