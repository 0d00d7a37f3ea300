// SPDX-License-Identifier: Apache-2.0
#include "common/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "common/config/agent_config.h"

namespace dualtrace {
namespace {

constexpr std::string_view kMinimal =
    "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";

std::string read_document() {
  std::ifstream file(DUALTRACE_DOCS "/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Cells 2 and 3 of the tables of keys, by the `key` in the first.
std::map<std::string, std::pair<std::string, std::string>> documented_keys() {
  std::map<std::string, std::pair<std::string, std::string>> keys;
  std::istringstream document(read_document());
  bool inside = false;
  for (std::string line; std::getline(document, line);) {
    inside = line.starts_with("| Key |") || (inside && line.starts_with("|"));
    if (!inside || !line.starts_with("| `")) continue;
    std::istringstream row(line);
    std::string nothing;
    std::string key;
    std::string type;
    std::string fallback;
    std::getline(row, nothing, '|');
    std::getline(row, key, '|');
    std::getline(row, type, '|');
    std::getline(row, fallback, '|');
    const auto trimmed = [](const std::string& cell) {
      return cell.size() < 2 ? "" : cell.substr(1, cell.size() - 2);
    };
    key = trimmed(key);
    keys[key.substr(1, key.size() - 2)] = {trimmed(type), trimmed(fallback)};
  }
  return keys;
}

std::string documented_type(const SchemaKey& key) {
  if (!key.choices.empty()) {
    std::string all;
    for (const std::string_view choice : key.choices) {
      all += (all.empty() ? "`" : ", `") + std::string(choice) + "`";
    }
    return all;
  }
  std::string type(type_name(key.type));
  if (!key.least.empty()) type += ", " + std::string(key.least) + " to " + std::string(key.most);
  return type;
}

TEST(ConfigSchema, IsWhatTheDocumentDescribes) {
  const auto documented = documented_keys();
  std::set<std::string> known;
  for (const SchemaKey& key : config_schema()) {
    known.insert(std::string(key.path));
    const auto row = documented.find(std::string(key.path));
    ASSERT_NE(row, documented.end()) << key.path << " is not in docs/configuration.md";
    const std::string fallback = key.fallback.empty() ? "" : "`" + std::string(key.fallback) + "`";
    EXPECT_EQ(row->second.first, documented_type(key)) << key.path;
    EXPECT_EQ(row->second.second, fallback) << key.path;
  }
  for (const auto& [key, row] : documented) {
    EXPECT_TRUE(known.contains(key)) << key << " in docs/configuration.md is not in the schema";
  }
}

TEST(ConfigSchema, HasTheDefaultsOfTheCode) {
  const ConfigOrFaults minimal = parse_agent_config(kMinimal, "/");
  ASSERT_TRUE(minimal.config);
  for (const SchemaKey& key : config_schema()) {
    if (key.fallback.empty() || key.path.starts_with("databricks.")) continue;
    std::string yaml(kMinimal);
    if (key.path.starts_with("arize.")) {
      yaml.insert(yaml.find("region"),
                  std::string(key.path.substr(6)) + ": " + std::string(key.fallback) + ", ");
    } else {
      std::string line(key.path);
      std::string closing;
      for (size_t dot = line.find('.'); dot != std::string::npos; dot = line.find('.')) {
        line.replace(dot, 1, ": {");
        closing += "}";
      }
      yaml += line + ": " + std::string(key.fallback) + closing + "\n";
    }
    const ConfigOrFaults written = parse_agent_config(yaml, "/");
    ASSERT_TRUE(written.config) << yaml << to_string(written.faults);
    EXPECT_EQ(*written.config, *minimal.config) << key.path;
  }
}

TEST(ConfigSchema, BelongsToAnExampleThatIsValid) {
  const std::string document = read_document();
  const size_t start = document.find("```yaml\n");
  ASSERT_NE(start, std::string::npos);
  const size_t end = document.find("```", start + 8);
  const ConfigOrFaults parsed =
      parse_agent_config(document.substr(start + 8, end - start - 8), "/etc/dualtrace");
  EXPECT_TRUE(parsed.config) << to_string(parsed.faults);
}

}  // namespace
}  // namespace dualtrace
