// SPDX-License-Identifier: Apache-2.0
#pragma once
// SHA-256 as the hex digits people see: the fingerprints of configurations and credentials.
// Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace dualtrace {

// The first `digits` (at most 64) hex digits, in lower case.
[[nodiscard]] std::string sha256_hex(std::string_view bytes, size_t digits);

}  // namespace dualtrace
