// SPDX-License-Identifier: Apache-2.0
#include "common/config/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "common/config/agent_config.h"
#include "common/config/check_value.h"
#include "common/config/fingerprint.h"
#include "common/config/rules.h"

namespace dualtrace {
namespace {

std::string read_document() {
  std::ifstream file(DUALTRACE_DOCS "/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The `key` in the first cell of each row of the tables of keys. A component test
// (schema_files_test.py) compares the other cells.
std::multiset<std::string> documented_keys() {
  std::multiset<std::string> keys;
  std::istringstream document(read_document());
  bool inside = false;
  for (std::string line; std::getline(document, line);) {
    inside = line.starts_with("| Key |") || (inside && line.starts_with("|"));
    if (inside && line.starts_with("| `")) keys.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return keys;
}

TEST(ConfigSchema, IsWhatTheDocumentDescribes) {
  const std::multiset<std::string> documented = documented_keys();
  for (const SchemaKey& key : config_schema()) {
    EXPECT_EQ(documented.count(std::string(key.path)), 1U)
        << key.path << " must be in docs/configuration.md exactly once: run ./dev docs";
  }
  EXPECT_EQ(documented.size(), config_schema().size())
      << "docs/configuration.md has keys that are not in the schema: run ./dev docs";
}

TEST(ConfigSchema, HasDefaultsAndBoundsThatAreValid) {
  for (const SchemaKey& key : config_schema()) {
    EXPECT_NE(key.meaning, "") << key.path;
    EXPECT_TRUE(key.meaning.ends_with('.')) << key.path;
    if (key.type == KeyType::kList) continue;
    for (const std::string_view text : {key.fallback, key.least, key.most}) {
      if (text.empty()) continue;
      const Status valid = check_value(key, text);
      EXPECT_TRUE(valid) << key.path << ": " << (valid ? "" : valid.error().message);
    }
  }
}

TEST(ConfigSchema, HasNoValueWithoutAPlaceButThese) {
  std::set<std::string_view> without;
  for (const SchemaKey& key : config_schema()) {
    if (key.place == nullptr) without.insert(key.path);
  }
  EXPECT_THAT(without, testing::ElementsAre("arize.region", "resourceAttributes"));
}

// A valid value that is not the default.
std::string_view another_value(const SchemaKey& key) {
  switch (key.type) {
    case KeyType::kText:
      return key.check == check_client_id ? "0123abcd-1111-4e1a-9d3c-0123456789ab"
                                          : "another.text.there";
    case KeyType::kFile:
      return "/elsewhere";
    case KeyType::kUrl:
      return key.path.ends_with("proxyURL") ? "http://another:1" : "https://another.example";
    case KeyType::kAddress:
      return "127.0.0.1:9";
    case KeyType::kShare:
      return "20Gi";
    case KeyType::kChoice:
      return key.choices.front() == key.fallback ? key.choices.back() : key.choices.front();
    default:
      return key.least == key.fallback ? key.most : key.least;
  }
}

// With every section, and with each kind of authentication in turn.
std::vector<AgentConfig> full_configurations() {
  std::vector<AgentConfig> configurations;
  for (const std::string auth :
       {"token: {file: t}", "oauth: {clientIDFile: i, clientSecretFile: s}",
        "workloadIdentity: {tokenFile: p, clientID: 6f1c2f6e-1111-4e1a-9d3c-0123456789ab}"}) {
    const std::string proxy =
        "proxyURL: 'http://p:1', proxyAuth: {usernameFile: u, passwordFile: p}";
    const ConfigOrFaults parsed = parse_agent_config(
        "receiver: {tls: {certificateFile: c, keyFile: k}}\n"
        "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}, " +
            proxy +
            "}\n"
            "databricks: {workspaceURL: 'https://w.example', table: a.b.c, " +
            proxy + ", auth: {" + auth + "}}\n",
        "/");
    EXPECT_TRUE(parsed.config) << to_string(parsed.faults);
    if (parsed.config) configurations.push_back(*parsed.config);
  }
  return configurations;
}

// Each key sets a member of its own, and the running agent applies every key that does not need a
// restart.
TEST(ConfigSchema, LeadsEachKeyToAPlaceOfItsOwn) {
  std::set<std::string_view> reached;
  for (const AgentConfig& before : full_configurations()) {
    std::map<std::string_view, std::vector<std::string>> values;
    AgentConfig config = before;
    for (const SchemaKey& key : config_schema()) {
      if (key.place != nullptr) values[key.path] = value_texts(key, key.place(config));
    }
    for (const SchemaKey& key : config_schema()) {
      if (key.place == nullptr || key.type == KeyType::kList) continue;
      config = before;
      if (std::holds_alternative<std::monostate>(key.place(config))) continue;
      const std::string_view value = another_value(key);
      ASSERT_TRUE(check_value(key, value)) << key.path;
      set_value(key, value, "/", key.place(config));
      EXPECT_NE(config, before) << key.path;
      EXPECT_EQ(restart_fingerprint(config) != restart_fingerprint(before),
                key.takes == Takes::kRestart)
          << key.path;
      for (const SchemaKey& other : config_schema()) {
        const bool same = other.path == key.path ||
                          (other.path.ends_with("tokenFile") && key.path.ends_with("token.file")) ||
                          (key.path.ends_with("tokenFile") && other.path.ends_with("token.file"));
        if (other.place == nullptr || same) continue;
        EXPECT_EQ(value_texts(other, other.place(config)), values[other.path])
            << key.path << " changes " << other.path;
      }
      reached.insert(key.path);
    }
  }
  EXPECT_EQ(reached.size() + 3, config_schema().size());  // keys without a member, and the list
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
