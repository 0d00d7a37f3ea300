// SPDX-License-Identifier: Apache-2.0
#include "agent/app/destination.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "agent/credential/token_client.h"
#include "agent/send/arize_grpc_exporter.h"
#include "agent/send/arize_http_exporter.h"
#include "agent/send/databricks_http_exporter.h"
#include "common/config/credential_part.h"
#include "common/net/http_sender.h"

namespace dualtrace::agent {
namespace {

constexpr size_t kTokenAnswerBytesMax = 64 << 10;

LaneOptions lane_options(const std::string& name, const DestinationParts& parts) {
  LaneOptions options(name, parts.delivery);
  options.bodies = parts.bodies;
  options.legacy = parts.legacy.lane;
  return options;
}

// A lane that is paused because of a file checks it as often as it probes.
Duration look_interval(const DeliveryConfig& delivery) {
  return std::min<Duration>(KeeperOptions().look_interval, delivery.pause_probe);
}

KeeperOptions keeper_options(KeyPurpose purpose, const DeliveryConfig& delivery) {
  constexpr int kPatience = 10;  // back off further while the credential keeps being refused
  return {.purpose = std::move(purpose),
          .look_interval = look_interval(delivery),
          .urgent = {.base = delivery.retry_base, .max = delivery.retry_max},
          .refused = {.base = delivery.pause_probe, .max = delivery.pause_probe * kPatience}};
}

MakeHttpSender sender_to(const Url& origin, const TlsClientOptions& tls,
                         const std::optional<HttpProxy>& proxy, const char* thread_name) {
  return [=](const Key& key) {
    return make_http_sender({.origin = key.origin.value_or(origin),
                             .tls = tls,
                             .proxy = proxy,
                             .thread_name = thread_name});
  };
}

std::unique_ptr<KeyMaker> token_client(TokenClientOptions options, const DatabricksConfig& config,
                                       Clock& clock) {
  options.workspace_host = config.workspace.authority.host;
  if (config.ingest == Ingest::kZerobus) {
    options.zerobus = {.table = config.table, .endpoint = config.zerobus};
  }
  return make_token_client(std::move(options),
                           make_http_sender({.origin = config.workspace,
                                             .tls = config.tls,
                                             .proxy = config.proxy,
                                             .thread_name = "databricks-auth",
                                             .response_bytes_max = kTokenAnswerBytesMax,
                                             .connections_max = 1}),
                           clock);
}

// A token that is issued for Zerobus is limited to the table, and is sent to that endpoint only.
std::string scope_of(const DatabricksConfig& config) {
  if (config.ingest == Ingest::kWorkspace) return {};
  return "Zerobus " + config.table + " " + (config.zerobus ? config.zerobus->origin() : "");
}

KeySource key_source(const DatabricksToken& token, const DatabricksConfig& config,
                     Clock& /*clock*/) {
  return {{report::CredentialKind::kToken, config.workspace.origin()},
          {{CredentialPart::kToken, token.file, check_of(CredentialPart::kToken)}},
          std::make_unique<PlainKeyMaker>()};
}

KeySource key_source(const DatabricksOAuth& oauth, const DatabricksConfig& config, Clock& clock) {
  return {{report::CredentialKind::kOAuth, config.workspace.origin(), scope_of(config)},
          {{CredentialPart::kClientSecret, oauth.client_secret_file,
            check_of(CredentialPart::kClientSecret)},
           {CredentialPart::kClientID, oauth.client_id_file, check_of(CredentialPart::kClientID)}},
          token_client({.kind = TokenClientOptions::Kind::kClientCredentials}, config, clock)};
}

KeySource key_source(const DatabricksWorkloadIdentity& identity, const DatabricksConfig& config,
                     Clock& clock) {
  const std::string client = identity.client_id ? " of " + *identity.client_id : "";
  return {{report::CredentialKind::kWorkloadIdentity, config.workspace.origin(),
           scope_of(config) + client},
          {{CredentialPart::kProjectedToken, identity.token_file, check_projected_token}},
          token_client(
              {.kind = TokenClientOptions::Kind::kTokenExchange, .client_id = identity.client_id},
              config, clock)};
}

}  // namespace

Destination::Destination(std::string name, const DestinationParts& parts)
    : name_(std::move(name)),
      scheduler_("dt-" + name_, parts.clock),
      dead_letters_({.folder = parts.delivery.folder + "/dead-letters/" + name_,
                     .destination = name_,
                     .bytes_max = parts.delivery.max_dead_letters},
                    parts.files, parts.metrics) {}

std::shared_ptr<Destination> Destination::make(const std::string& name, const AgentConfig& config,
                                               const DestinationParts& parts) {
  std::shared_ptr<Destination> made(new Destination(name, parts));
  made->exporter_ = name == kArizeLane
                        ? made->arize_exporter(config.arize.value(), parts)
                        : made->databricks_exporter(config.databricks.value(), parts);
  made->start_lane(parts);
  return made;
}

std::unique_ptr<Exporter> Destination::arize_exporter(const ArizeConfig& config,
                                                      const DestinationParts& parts) {
  make_keeper(
      {{report::CredentialKind::kAPIKey, config.endpoint.origin()},
       {{CredentialPart::kAPIKey, config.api_key_file, check_of(CredentialPart::kAPIKey)},
        {CredentialPart::kSpaceID, config.space_id_file, check_of(CredentialPart::kSpaceID)}},
       std::make_unique<PlainKeyMaker>()},
      parts);
  watch_connection_files(config.tls, config.proxy, parts);
  if (config.protocol == ArizeProtocol::kGrpc) {
    return make_arize_grpc_exporter({.endpoint = config.endpoint,
                                     .tls = config.tls,
                                     .compression = config.compression,
                                     .proxy = config.proxy},
                                    *keeper_);
  }
  return make_arize_http_exporter(
      {.endpoint_path = config.endpoint.path, .compression = config.compression}, *keeper_,
      sender_to(config.endpoint, config.tls, config.proxy, "arize-http"), parts.clock);
}

std::unique_ptr<Exporter> Destination::databricks_exporter(const DatabricksConfig& config,
                                                           const DestinationParts& parts) {
  const auto source = [&](const auto& auth) { return key_source(auth, config, parts.clock); };
  make_keeper(std::visit(source, config.auth), parts);
  watch_connection_files(config.tls, config.proxy, parts);
  const DatabricksHttpOptions options{.table = config.table, .compression = config.compression};
  if (config.ingest == Ingest::kZerobus) {
    // If no host is configured, the key contains the address of Zerobus; no token is issued without
    // it.
    return make_zerobus_http_exporter(
        options, *keeper_,
        sender_to(config.zerobus.value_or(Url()), config.tls, config.proxy, "zerobus-http"),
        parts.clock);
  }
  return make_databricks_http_exporter(
      options, *keeper_, sender_to(config.workspace, config.tls, config.proxy, "databricks-http"),
      parts.clock);
}

void Destination::make_keeper(KeySource source, const DestinationParts& parts) {
  maker_ = std::move(source.maker);
  keeper_ = std::make_unique<Keeper>(
      keeper_options(std::move(source.purpose), parts.delivery),
      Keeper::Parts{.files = SecretFiles(std::move(source.files), parts.files),
                    .maker = *maker_,
                    .scheduler = scheduler_,
                    .random = Random(entropy()),
                    .opened = [this] { lane_->nudge(); },
                    .legacy = parts.legacy.credential});
}

void Destination::watch_connection_files(const TlsClientOptions& tls,
                                         const std::optional<HttpProxy>& proxy,
                                         const DestinationParts& parts) {
  std::vector<ConnectionFiles::File> wanted;
  const auto add = [&](CredentialPart part, const std::string& path) {
    if (!path.empty()) wanted.push_back({part, path});
  };
  add(CredentialPart::kAuthority, tls.ca_file);
  if (proxy) {
    add(CredentialPart::kProxyUsername, proxy->username_file);
    add(CredentialPart::kProxyPassword, proxy->password_file);
  }
  connection_files_ = std::make_unique<ConnectionFiles>(
      ConnectionFiles::Parts{.wanted = std::move(wanted),
                             .files = parts.files,
                             .scheduler = scheduler_,
                             .look_interval = look_interval(parts.delivery),
                             .changed = [this] { lane_->nudge(); }});
}

void Destination::start_lane(const DestinationParts& parts) {
  lane_ = std::make_unique<Lane>(lane_options(name_, parts), *exporter_, dead_letters_, scheduler_,
                                 Random(entropy()), parts.metrics);
  keeper_->start();
  connection_files_->start();
}

Destination::~Destination() { stop(); }

void Destination::stop() {
  scheduler_.stop();
  exporter_.reset();
  maker_.reset();
}

}  // namespace dualtrace::agent
