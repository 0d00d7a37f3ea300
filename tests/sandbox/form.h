// SPDX-License-Identifier: Apache-2.0
#pragma once
// Forms: application/x-www-form-urlencoded, in bodies and queries.
// Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/error/result.h"

namespace dualtrace::sandbox {

// "%41" → "A", "+" → " "; anything that is not an escape is unchanged.
[[nodiscard]] std::string percent_decoded(std::string_view text);
// The first field of that name, decoded.
[[nodiscard]] std::optional<std::string> query_member(std::string_view query,
                                                      std::string_view name);

using Form = std::map<std::string, std::string, std::less<>>;
// kInvalid for a field without "=", or one that occurs twice (RFC 6749, 3.2).
Result<Form> parse_form(std::string_view body);

}  // namespace dualtrace::sandbox
