// SPDX-License-Identifier: Apache-2.0
#pragma once
// The keys of the agent's configuration: one table against which the reader checks names, shapes
// and ranges, and which docs/configuration.md must repeat (tested).
// Immutable.

#include <span>
#include <string_view>

namespace dualtrace {

enum class KeyType {
  kText,
  kFile,
  kUrl,
  kAddress,
  kSize,
  kShare,
  kDuration,
  kCount,
  kChoice,
  kList,
  kMap
};

struct SchemaKey {
  std::string_view path;  // "receiver.limits.requestBytes"
  KeyType type = KeyType::kText;
  std::string_view fallback{};  // as written in YAML; empty: none
  std::string_view least{};     // kSize, kDuration and kCount: the bounds, as written in YAML
  std::string_view most{};
  std::span<const std::string_view> choices{};  // kChoice
};

[[nodiscard]] std::span<const SchemaKey> config_schema();
// nullptr if there is no such key.
[[nodiscard]] const SchemaKey* find_key(std::string_view path);

// How docs/configuration.md names the values of a type.
[[nodiscard]] std::string_view type_name(KeyType type);

}  // namespace dualtrace
