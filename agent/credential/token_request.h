// SPDX-License-Identifier: Apache-2.0
#pragma once
// Builds requests to Databricks' token endpoint: two grants (a service principal's secret, or the
// exchange of a projected token) for two audiences (the workspace's APIs, or Zerobus for one
// table). token_answer.h reads the answer.
// Pure. Thread-safe.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/net/http_sender.h"

namespace dualtrace::agent {

inline constexpr std::string_view kTokenPath = "/oidc/v1/token";

struct ClientCredentials {
  std::string id;
  std::string secret;
};
struct TokenExchange {
  std::string subject_token;
  std::optional<std::string> client_id;  // none: use the account's federation policy
};
using Grant = std::variant<ClientCredentials, TokenExchange>;

// A Zerobus token is valid only for the table that it was requested for.
struct ZerobusScope {
  std::string workspace_id;
  std::string table;                 // catalog.schema.table
  bool operations_left_out = false;  // for endpoints that do not know this field yet
};

// Without a scope: all-apis.
[[nodiscard]] HttpRequest make_token_request(const Grant& grant,
                                             const std::optional<ZerobusScope>& scope);

}  // namespace dualtrace::agent
