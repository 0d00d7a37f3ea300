// SPDX-License-Identifier: Apache-2.0
#pragma once
// TokenClient: the KeyMaker of service principals and of workload identities: asks Databricks'
// token endpoint for what requests carry, and for Zerobus finds out where that is.
//
// Flow: for Zerobus the workspace's number and region are asked for at first, once: they do not
//   change, and are kept as soon as they are known. Then a token is asked for; an endpoint that
//   does not know `operations` gets one more try without them, and is not asked with them again.
// Guarantees: no token goes to a host that is neither configured nor one of Databricks' own.
// Limits: each step has a timeout, each answer a size; redirects are not followed.
// Errors: as KeyMaker says. None repeats what a Secret holds.
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
  std::optional<std::string> client_id{};  // kTokenExchange: of a service principal's own policy
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
