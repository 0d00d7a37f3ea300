// SPDX-License-Identifier: Apache-2.0
#include "common/config/fingerprint.h"

#include "common/bytes/sha256.h"
#include "common/config/schema.h"

namespace dualtrace {
namespace {

constexpr size_t kDigits = 12;

}  // namespace

std::string config_fingerprint(std::string_view yaml) { return sha256_hex(yaml, kDigits); }

std::string restart_fingerprint(const AgentConfig& config) {
  AgentConfig actual = config;
  AgentConfig standard;
  std::string text;
  // With its length, so that no value can imitate two.
  const auto add = [&](std::string_view name, const std::string& value) {
    text += std::string(name) + " " + std::to_string(value.size()) + " " + value + "\n";
  };
  for (const SchemaKey& key : config_schema()) {
    if (key.takes != Takes::kRestart) continue;
    if (!key.fallback.empty()) set_value(key, key.fallback, "/", key.place(standard));
    const auto values = value_texts(key, key.place(actual));
    if (values == value_texts(key, key.place(standard))) continue;
    for (const std::string& value : values) add(key.path, value);
  }
  if (config.arize) add("destination", "arize");
  if (config.databricks) add("destination", "databricks");
  return sha256_hex(text, kDigits);
}

}  // namespace dualtrace
