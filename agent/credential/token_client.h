// SPDX-License-Identifier: Apache-2.0
#pragma once
// TokenClient: the KeyMaker for service principals and workload identities. It requests tokens from
// Databricks' token endpoint and, for Zerobus, discovers the endpoint.
//
// Flow: for Zerobus, the workspace id and the region are fetched first, and only once, since they
//   do not change. Then a token is requested. If the endpoint does not know `operations`, the
//   request is repeated without them, and later requests leave them out.
// Guarantees: no token is sent to a host that is neither configured nor one of Databricks' own.
// Limits: each step has a timeout, each answer a maximum size; redirects are not followed.
// Errors: as in KeyMaker. None contains the contents of a Secret.
// Thread-safe.

#include <memory>
#include <optional>
#include <string>

#include "agent/credential/key_maker.h"
#include "common/net/http_sender.h"
#include "common/net/url.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct TokenClientOptions {
  enum class Kind {
    kClientCredentials,  // values: client secret, client id
    kTokenExchange,      // values: projected token
  };
  Kind kind = Kind::kClientCredentials;
  std::optional<std::string> client_id{};  // kTokenExchange: for a service principal's own policy
  std::string workspace_host{};
  struct Zerobus {
    std::string table;
    std::optional<Url> endpoint;  // as configured
  };
  std::optional<Zerobus> zerobus{};  // none: tokens for the workspace's own APIs
  Duration timeout = std::chrono::seconds(10);
};

// `client` calls the workspace. `clock` outlives it.
std::unique_ptr<KeyMaker> make_token_client(TokenClientOptions options,
                                            std::unique_ptr<HttpSender> client, Clock& clock);

}  // namespace dualtrace::agent
