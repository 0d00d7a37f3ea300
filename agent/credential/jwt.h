// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a JWT says of itself, unverified: whom a federation policy has to name and when the token
// ends. Whether to believe it is for the side that it is shown to.
// Pure. Thread-safe.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct JwtClaims {
  std::string issuer{};                  // iss
  std::string subject{};                 // sub
  std::vector<std::string> audiences{};  // aud, a text or a list
  std::optional<WallTime> expires{};     // exp
  bool operator==(const JwtClaims&) const = default;
};

// kInvalid when it is no JWT; the error repeats nothing of it.
Result<JwtClaims> read_jwt(std::string_view token);

}  // namespace dualtrace::agent
