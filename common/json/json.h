// SPDX-License-Identifier: Apache-2.0
#pragma once
// Json: nlohmann's JSON value under our name, and careful reading of what comes from outside: of
// the functions here none throws, and what is missing or of another type reads as nothing. Pure.

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace {

using Json = nlohmann::json;
using JsonPath = std::initializer_list<std::string_view>;

// kInvalid, without the text (it may hold a secret).
Result<Json> parse_json(std::string_view text);
// One line; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string to_text(const Json& value);

// nullptr when a member on the way is missing or is not an object.
[[nodiscard]] const Json* find(const Json& in, JsonPath path);
// "" when there is no text at the path. The view lives as long as `in` is not changed.
[[nodiscard]] std::string_view text_at(const Json& in, JsonPath path);
[[nodiscard]] std::optional<int64_t> integer_at(const Json& in, JsonPath path);
// The array at the path, or an empty one.
[[nodiscard]] const Json& array_at(const Json& in, JsonPath path);

}  // namespace dualtrace
