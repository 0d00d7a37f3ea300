// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigValue: the place in an AgentConfig that holds the value of one key. Each row of the schema
// names its place; reading a file, comparing two configurations and the restart fingerprint go
// through it, so that a new key needs no code of its own for any of them.
// Immutable; it is valid as long as the AgentConfig.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/config/agent_config.h"

namespace dualtrace {

// std::monostate: the configuration has no such section.
using ConfigValue =
    std::variant<std::monostate, uint64_t*, uint32_t*, std::chrono::milliseconds*,
                 std::chrono::seconds*, DiskShare*, std::string*, std::optional<std::string>*, Url*,
                 std::optional<Url>*, HostPort*, std::vector<HostPort>*, Compression*,
                 ArizeProtocol*, Ingest*, DurabilityMode*, LogLevel*>;
using ConfigPlace = ConfigValue (*)(AgentConfig&);

// at<&AgentConfig::delivery, &DeliveryConfig::linger>: follows members, also through sections that
// are optional.
template <auto Member, auto... Rest, typename Section>
ConfigValue at(Section& section) {
  auto& value = section.*Member;
  if constexpr (sizeof...(Rest) == 0) {
    return &value;
  } else if constexpr (requires { value.has_value(); }) {
    return value ? at<Rest...>(*value) : ConfigValue();
  } else {
    return at<Rest...>(value);
  }
}

struct SchemaKey;

// Sets the value from `text`, which check_value() has accepted for the key. Relative file paths are
// resolved against `folder`. Lists are not set.
void set_value(const SchemaKey& key, std::string_view text, std::string_view folder,
               ConfigValue value);

// A text for each element of the value; equal values have equal texts. Empty for std::monostate.
[[nodiscard]] std::vector<std::string> value_texts(const SchemaKey& key, ConfigValue value);

}  // namespace dualtrace
