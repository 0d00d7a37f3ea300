// SPDX-License-Identifier: Apache-2.0
#pragma once
// The keys of the agent's configuration: one table with all information about each key. The agent
// reads its file by it; the operator takes from it the fields of a DualTraceExport that only pass
// through (operator/api/export_fields.cc); `./dev docs` writes the tables of docs/configuration.md,
// and the passed-through fields of the CRD, from it.
// Immutable.

#include <cstdint>
#include <span>
#include <string_view>

#include "common/config/config_value.h"
#include "common/error/result.h"

namespace dualtrace {

enum class KeyType {
  kText,
  kFile,
  kUrl,
  kAddress,
  kSize,
  kShare,
  kDuration,
  kSeconds,  // a duration of whole seconds
  kCount,
  kChoice,
  kList,
  kMap
};

enum class Takes { kReload, kRestart };  // what a change of the value takes

struct SchemaKey {
  std::string_view path;  // "receiver.limits.requestBytes"
  KeyType type = KeyType::kText;
  std::string_view fallback{};  // the default, as written in YAML; empty: none
  std::string_view least{};     // sizes, durations and counts: the bounds, as written in YAML
  std::string_view most{};
  std::span<const std::string_view> choices{};  // kChoice, in the order of the enumerators
  uint32_t most_characters = 0;                 // kText, kMap: 0 is no limit
  std::string_view required{};  // required if its section is there: what to set; empty: optional
  Status (*check)(std::string_view) = nullptr;           // kText, kMap: a rule of its own
  Result<Url> (*parse_url)(std::string_view) = nullptr;  // kUrl
  Takes takes = Takes::kReload;
  ConfigPlace place = nullptr;  // nullptr: agent_config.cc reads it by code of its own
  // In Markdown. If a DualTraceExport has a field for the key, this is also the field's
  // description, without the markup; `note` is then only for authors of the file.
  std::string_view meaning{};
  std::string_view note{};
};

[[nodiscard]] std::span<const SchemaKey> config_schema();
// nullptr if there is no such key.
[[nodiscard]] const SchemaKey* find_key(std::string_view path);

// How docs/configuration.md names the values of a type.
[[nodiscard]] std::string_view type_name(KeyType type);

// The longest text that a value may have, in characters; 0: no limit.
[[nodiscard]] uint32_t most_characters(const SchemaKey& key);

}  // namespace dualtrace
