// SPDX-License-Identifier: Apache-2.0
#pragma once
// Json: nlohmann's JSON value under our name, and safe reading of JSON from outside: no function
// here throws, and a value that is missing or of another type reads as empty. Pure.

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

// kInvalid, without the text, which may contain a secret.
Result<Json> parse_json(std::string_view text);
// One line; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string to_text(const Json& value);

// nullptr if a member on the path is missing or is not an object.
[[nodiscard]] const Json* find(const Json& in, JsonPath path);
// "" if there is no string at the path. The view is valid until `in` changes.
[[nodiscard]] std::string_view text_at(const Json& in, JsonPath path);
[[nodiscard]] std::optional<int64_t> integer_at(const Json& in, JsonPath path);
// 0 if there is no integer at the path, or a negative one.
[[nodiscard]] uint64_t count_at(const Json& in, JsonPath path);
// The array at the path, or an empty one.
[[nodiscard]] const Json& array_at(const Json& in, JsonPath path);

}  // namespace dualtrace
