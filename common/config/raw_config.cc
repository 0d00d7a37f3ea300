// SPDX-License-Identifier: Apache-2.0
#include "common/config/raw_config.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "common/config/rules.h"
#include "common/config/schema.h"

namespace dualtrace {
namespace {

constexpr size_t kNamesBytesMax = 128;  // of an unknown key in a message

std::string join(std::string_view folder, std::string_view name) {
  return folder.empty() ? std::string(name) : std::string(folder) + "." + std::string(name);
}

bool is_section(std::string_view path) {
  const auto keys = config_schema();
  return std::any_of(keys.begin(), keys.end(), [&](const SchemaKey& key) {
    return key.path.size() > path.size() && key.path.starts_with(path) &&
           key.path[path.size()] == '.';
  });
}

// The names that are allowed in a section, in the order of the schema.
std::vector<std::string> names_in(std::string_view section) {
  std::vector<std::string> names;
  for (const SchemaKey& key : config_schema()) {
    std::string_view rest = key.path;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest[section.size()] != '.') continue;
      rest.remove_prefix(section.size() + 1);
    }
    const std::string name(rest.substr(0, rest.find('.')));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The number of characters to change, add or remove, ignoring case.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

std::string unknown_key_message(std::string_view section, std::string_view name) {
  const std::vector<std::string> known = names_in(section);
  std::string nearest;
  size_t least = 3;
  std::string all;
  for (const std::string& candidate : known) {
    all += (all.empty() ? "" : ", ") + candidate;
    const size_t steps = distance(name.substr(0, kNamesBytesMax), candidate);
    if (steps < least && steps < candidate.size() / 2 + 1) {
      least = steps;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) return "unknown key; did you mean " + nearest + "?";
  return "unknown key; valid keys here: " + all;
}

class RawReader {
 public:
  explicit RawReader(std::vector<ConfigFault>& faults) : faults_(faults) {}

  void read_section(const YamlNode& map, const std::string& section) {
    raw_.sections.insert(section);
    std::set<std::string_view> seen;
    for (const YamlNode& child : map.children) {
      const std::string path = join(section, child.key.substr(0, kNamesBytesMax));
      if (!seen.insert(child.key).second) {
        fault(path, "set twice (again on line " + std::to_string(child.line) + ")");
      } else {
        read_child(child, section, path);
      }
    }
  }

  [[nodiscard]] RawConfig take() { return std::move(raw_); }

 private:
  void fault(const std::string& path, std::string message) {
    faults_.push_back({path, std::move(message)});
  }

  void read_child(const YamlNode& child, const std::string& section, const std::string& path) {
    // Otherwise a dotted name would be taken for a path.
    const bool dotted = child.key.find('.') != std::string::npos;
    const SchemaKey* key = dotted ? nullptr : find_key(path);
    if (key != nullptr) return read_key(child, *key);
    if (dotted || child.key.empty() || !is_section(path)) {
      return fault(path, unknown_key_message(section, child.key));
    }
    if (child.kind == YamlNode::Kind::kMap) return read_section(child, path);
    if (child.kind == YamlNode::Kind::kNull) {
      return fault(path, "empty; add keys below it or remove it");
    }
    fault(path, "expected keys below it, not a value");
  }

  void read_key(const YamlNode& child, const SchemaKey& key) {
    const std::string path(key.path);
    if (child.kind == YamlNode::Kind::kNull) {
      return fault(path, "empty; set a value or remove the key");
    }
    switch (key.type) {
      case KeyType::kList:
        return read_list(child, path);
      case KeyType::kMap:
        return read_map(child, path);
      default:
        if (is_text(child, path)) raw_.texts.emplace(path, child.text);
    }
  }

  bool is_text(const YamlNode& node, const std::string& path) {
    if (node.kind != YamlNode::Kind::kText) {
      fault(path, "expected one value, not a list or keys below it");
    } else if (const Status characters = check_characters(node.text); !characters) {
      fault(path, characters.error().message);
    } else {
      return true;
    }
    return false;
  }

  void read_list(const YamlNode& node, const std::string& path) {
    if (node.kind != YamlNode::Kind::kList) {
      return fault(path, "expected a list, such as [\"[::]:4317\"]");
    }
    std::vector<std::string>& list = raw_.lists[path];
    for (const YamlNode& child : node.children) {
      if (is_text(child, path + "[" + std::to_string(list.size()) + "]")) {
        list.push_back(child.text);
      }
    }
  }

  void read_map(const YamlNode& node, const std::string& path) {
    if (node.kind != YamlNode::Kind::kMap) {
      return fault(path, "expected names with values below it");
    }
    std::map<std::string, std::string>& map = raw_.maps[path];
    for (const YamlNode& child : node.children) {
      const std::string child_path = path + "[" + child.key.substr(0, kNamesBytesMax) + "]";
      if (!is_text(child, child_path)) continue;
      if (!map.emplace(child.key, child.text).second) fault(child_path, "set twice");
    }
  }

  std::vector<ConfigFault>& faults_;
  RawConfig raw_;
};

}  // namespace

RawConfig read_raw_config(const YamlNode& root, std::vector<ConfigFault>& faults) {
  if (root.kind != YamlNode::Kind::kMap) {
    faults.push_back({"", "expected keys with values, such as \"arize:\""});
    return {};
  }
  RawReader reader(faults);
  reader.read_section(root, "");
  return reader.take();
}

}  // namespace dualtrace
