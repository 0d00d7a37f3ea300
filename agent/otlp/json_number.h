// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a number of a JSON text is worth, however it is written: 1000, 1e3 and 1000.0 are one
// integer, exactly; a double takes every number, rounded as IEEE 754 says. For json.cc alone. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dualtrace::agent {

// nullopt when it is no integer of that type, or no number at all.
std::optional<int64_t> int64_of_number(std::string_view text);
std::optional<uint64_t> uint64_of_number(std::string_view text);

// -0 keeps its sign; what is too large becomes an infinity. nullopt when it is no JSON number.
std::optional<double> double_of_number(std::string_view text);

}  // namespace dualtrace::agent
