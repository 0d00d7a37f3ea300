// SPDX-License-Identifier: Apache-2.0
#include "common/config/render.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>
#include <yaml-cpp/null.h>

#include <utility>

namespace dualtrace {
namespace {

YamlNode node(YamlNode::Kind kind, std::string_view key) {
  YamlNode made;
  made.kind = kind;
  made.key = key;
  return made;
}

void emit(YAML::Emitter& out, const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      out << YAML::Null;
      break;
    case YamlNode::Kind::kText:
      out << node.text;
      break;
    case YamlNode::Kind::kList:
      out << YAML::BeginSeq;
      for (const YamlNode& child : node.children) emit(out, child);
      out << YAML::EndSeq;
      break;
    case YamlNode::Kind::kMap:
      out << YAML::BeginMap;
      for (const YamlNode& child : node.children) {
        out << YAML::Key << child.key << YAML::Value;
        emit(out, child);
      }
      out << YAML::EndMap;
      break;
  }
}

}  // namespace

YamlNode yaml_text(std::string_view key, std::string_view text) {
  YamlNode made = node(YamlNode::Kind::kText, key);
  made.text = text;
  return made;
}

YamlNode yaml_list(std::string_view key, const std::vector<std::string>& texts) {
  YamlNode made = node(YamlNode::Kind::kList, key);
  for (const std::string& text : texts) made.children.push_back(yaml_text("", text));
  return made;
}

YamlNode yaml_map(std::string_view key, std::vector<YamlNode> children) {
  YamlNode made = node(YamlNode::Kind::kMap, key);
  made.children = std::move(children);
  return made;
}

std::string render_yaml(const YamlNode& root) {
  YAML::Emitter out;
  emit(out, root);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace dualtrace
