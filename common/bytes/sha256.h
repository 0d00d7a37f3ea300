// SPDX-License-Identifier: Apache-2.0
#pragma once
// SHA-256 as hex digits: the fingerprints of configurations and credentials that people see.
// Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace dualtrace {

// The first `digits` (at most 64) hex digits, in lower case.
[[nodiscard]] std::string sha256_hex(std::string_view bytes, size_t digits);

}  // namespace dualtrace
