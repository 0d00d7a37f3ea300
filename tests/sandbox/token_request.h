// SPDX-License-Identifier: Apache-2.0
#pragma once
// The grants of POST /oidc/v1/token: both grants for machines (a client secret, a token of a
// federated issuer), for the workspace and for Zerobus. Stricter than RFC 6749 requires: an unknown
// field is rejected, because it is a mistake in the client under test.
// Pure, except for the file with an issuer's keys.

#include <string>
#include <variant>

#include "common/net/http_server.h"
#include "common/time/clock.h"
#include "tests/sandbox/access.h"
#include "tests/sandbox/token_book.h"

namespace dualtrace::sandbox {

struct TokenRefusal {
  int status = 400;
  std::string error{};  // an error code of RFC 6749, 8693, 8707 or 9396
  std::string description{};
  std::string credential{};  // the rejected one, by its name in CredentialUses
};

struct TokenGrant {
  Grant grant{};
  WallTime expires{};       // of the token
  uint64_t expires_in = 0;  // in the answer: later than `expires` if the subject token ends sooner
};

[[nodiscard]] std::variant<TokenGrant, TokenRefusal> judge_token_request(
    const HttpServerRequest& request, const Access& access, WallTime now);

}  // namespace dualtrace::sandbox
