// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connections: the HTTP clients of an ApiClient, and what it adds to every request: the credential,
// the User-Agent, the path of the server. It ensures that rotated tokens, certificates and
// authorities are used. Private to common_kube_client.
// Used from one thread; the HttpClients in it are thread-safe.

#include <memory>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/kube/api_credential.h"
#include "common/kube/config.h"
#include "common/net/http_client.h"
#include "common/time/clock.h"

namespace dualtrace::kube {

inline constexpr size_t kObjectBytesMax = size_t{8} << 20;

// One for each kind of request, because their limits differ.
struct HttpClients {
  std::unique_ptr<HttpClient> calls;    // answers are kept up to one byte above kObjectBytesMax
  std::unique_ptr<HttpClient> lists;    // pages, read as they arrive
  std::unique_ptr<HttpClient> watches;  // may be silent for minutes
};

[[nodiscard]] HttpClients make_http_clients(const ClientConfig& config);

class Connections {
 public:
  // `clock` outlives it.
  Connections(ClientConfig config, std::string user_agent, HttpClients clients,
              std::unique_ptr<ApiCredential> credential, Clock& clock);

  [[nodiscard]] HttpClients& clients() { return clients_; }
  [[nodiscard]] std::string host() const { return config_.server.authority.to_string(); }

  // May block, like ApiCredential. Returns the credential of the request, for refused().
  Result<Shown> authorize(HttpRequest& request);
  // A request with this credential was answered 401. Returns whether a retry makes sense.
  bool refused(const Shown& shown);

 private:
  void renew();
  [[nodiscard]] bool reads_files() const;

  const ClientConfig config_;
  const std::string user_agent_;
  HttpClients clients_;
  const std::unique_ptr<ApiCredential> credential_;
  Clock& clock_;
  Shown shown_;
  Tick renewed_;
};

}  // namespace dualtrace::kube
