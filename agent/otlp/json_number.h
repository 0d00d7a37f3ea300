// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the value of a JSON number in any notation: 1000, 1e3 and 1000.0 are the same integer,
// exactly. A double accepts every number, rounded as IEEE 754 requires. Only for json.cc. Pure.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dualtrace::agent {

// nullopt if it is not an integer of that type, or not a number.
std::optional<int64_t> int64_of_number(std::string_view text);
std::optional<uint64_t> uint64_of_number(std::string_view text);

// -0 keeps its sign; a value that is too large becomes an infinity. nullopt if it is not a JSON
// number.
std::optional<double> double_of_number(std::string_view text);

}  // namespace dualtrace::agent
