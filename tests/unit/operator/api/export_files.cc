// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/api/export_files.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>

namespace dualtrace::ctl {
namespace {

const std::filesystem::path kRoot = DUALTRACE_ROOT;

Json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    Json map = Json::object();
    for (const auto& entry : node) map[entry.first.as<std::string>()] = to_json(entry.second);
    return map;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (node.IsNull()) return nullptr;
  // A plain scalar may be a number or a boolean. A quoted one has the tag "!".
  if (node.Tag() != "!") {
    if (int64_t number = 0; YAML::convert<int64_t>::decode(node, number)) return number;
    if (bool truth = false; node.Scalar() == "true" || node.Scalar() == "false") {
      return YAML::convert<bool>::decode(node, truth) && truth;
    }
  }
  return node.Scalar();
}

}  // namespace

Json read_yaml_file(const std::filesystem::path& path) {
  return to_json(YAML::LoadFile((kRoot / path).string()));
}

std::string comment_in_file(const std::filesystem::path& path, std::string_view name) {
  const std::string start = "# " + std::string(name) + ": ";
  std::ifstream file(kRoot / path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(start)) return line.substr(start.size());
  }
  return "";
}

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(folder / entry.path().filename());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Json minimal_export() { return read_yaml_file("docs/examples/minimal.yaml"); }
Json full_export() { return read_yaml_file("docs/examples/dualtraceexport.yaml"); }

}  // namespace dualtrace::ctl
