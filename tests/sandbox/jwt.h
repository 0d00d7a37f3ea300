// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON Web Tokens as Kubernetes signs them (RS256), verified against a JWKS (RFC 7517) with
// OpenSSL. Other algorithms are not supported: an API server uses RS256 unless its key is of
// another type. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "common/error/result.h"
#include "common/time/clock.h"

namespace dualtrace::sandbox {

struct Claims {
  std::string issuer{};
  std::string subject{};
  std::vector<std::string> audiences{};  // one, or a list
  WallTime expires{};
  WallTime not_before{};  // the epoch if it is not set
};

// The token's claims, unverified: enough to find the policy with its keys.
Result<Claims> read_claims(std::string_view token);

// Verifies the signature with the key that `kid` names. kInvalid contains the reason.
Status check_signature(std::string_view token, const std::string& jwks);

}  // namespace dualtrace::sandbox
