// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/webhook/yaml_text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace dualtrace::ctl {
namespace {

bool is_plain(const std::string& text) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("-_./:=,%$()").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
         text.back() != ':' && text != "true" && text != "false" && text != "null" &&
         text.find(", ") == std::string::npos && std::all_of(text.begin(), text.end(), allowed);
}

// The conventional order of the first keys in Kubernetes; the others keep their order.
std::vector<std::string> ordered_keys(const Json& map) {
  std::vector<std::string> keys;
  for (const char* first : {"apiVersion", "kind", "metadata", "name", "value"}) {
    if (map.contains(first)) keys.emplace_back(first);
  }
  for (const auto& [key, value] : map.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  return keys;
}

void write(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const std::string& key : ordered_keys(value)) {
      out << YAML::Key << key << YAML::Value;
      write(out, value[key]);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Json& item : value) write(out, item);
    out << YAML::EndSeq;
  } else if (!value.is_string()) {
    out << value.dump();
  } else if (const auto text = value.get<std::string>(); is_plain(text)) {
    out << text;
  } else {
    out << YAML::DoubleQuoted << text;
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  YAML::Emitter out;
  write(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace dualtrace::ctl
