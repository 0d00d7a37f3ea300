// SPDX-License-Identifier: Apache-2.0
#include "common/kube/connections.h"

#include <utility>

namespace dualtrace::kube {
namespace {

// How long a connection that uses files lives: as in client-go, which checks for a new CA as often.
constexpr Duration kMaterialAgeMax = std::chrono::minutes(5);
// So that an expired certificate in a file does not lead to a new connection for every request.
constexpr Duration kMaterialAgeMin = std::chrono::seconds(10);
// A watch gets a bookmark each minute; its reader decides when it has been silent for too long.
constexpr Duration kWatchSilenceMax = std::chrono::minutes(10);

}  // namespace

HttpClients make_http_clients(const ClientConfig& config) {
  HttpClient::Options options{.origin = config.server, .tls = config.tls, .proxy = config.proxy};
  HttpClients clients;
  options.response_bytes_max = kObjectBytesMax + 1;
  clients.calls = make_http_client(options);
  clients.lists = make_http_client(options);
  options.silence_max = kWatchSilenceMax;
  clients.watches = make_http_client(options);
  return clients;
}

Connections::Connections(ClientConfig config, std::string user_agent, HttpClients clients,
                         std::unique_ptr<ApiCredential> credential, Clock& clock)
    : config_(std::move(config)),
      user_agent_(std::move(user_agent)),
      clients_(std::move(clients)),
      credential_(std::move(credential)),
      clock_(clock),
      renewed_(clock.tick()) {}

Result<Shown> Connections::authorize(HttpRequest& request) {
  auto shown = credential_->current();
  if (!shown) return fail(shown.error());
  const bool other_certificate =
      shown->certificate != shown_.certificate || shown->key != shown_.key;
  shown_ = *shown;
  if (other_certificate || (reads_files() && clock_.tick() - renewed_ >= kMaterialAgeMax)) renew();
  request.path.insert(0, config_.server.path);
  request.headers.emplace_back("User-Agent", user_agent_);
  if (!shown->authorization.empty()) {
    request.headers.emplace_back("Authorization", shown->authorization);
  }
  return shown;
}

bool Connections::refused(const Shown& shown) {
  if (shown == shown_) credential_->refused();
  const auto next = credential_->current();
  if (next && *next != shown) return true;
  if (config_.tls.certificate_file.empty() || clock_.tick() - renewed_ < kMaterialAgeMin) {
    return false;
  }
  renew();
  return true;
}

void Connections::renew() {
  renewed_ = clock_.tick();
  TlsClientOptions tls = config_.tls;
  if (!shown_.certificate.empty()) {
    tls.certificate_text = shown_.certificate;
    tls.key_text = shown_.key;
  }
  for (const auto& client :
       {std::cref(clients_.calls), std::cref(clients_.lists), std::cref(clients_.watches)}) {
    client.get()->renew(tls);
  }
}

bool Connections::reads_files() const {
  const TlsClientOptions& tls = config_.tls;
  return !tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.key_file.empty();
}

}  // namespace dualtrace::kube
