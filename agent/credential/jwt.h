// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the claims of a JWT without verifying it: the subject that a federation policy must name,
// and when the token expires. Verification is up to the side that receives the token.
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
  std::vector<std::string> audiences{};  // aud, a string or a list
  std::optional<WallTime> expires{};     // exp
  bool operator==(const JwtClaims&) const = default;
};

// kInvalid if it is not a JWT; the error contains no part of the token.
Result<JwtClaims> read_jwt(std::string_view token);

}  // namespace dualtrace::agent
