#include "agent/app/destination.h"

#include <utility>

#include "agent/send/arize_grpc_exporter.h"
#include "agent/send/arize_http_exporter.h"
#include "agent/send/databricks_http_exporter.h"
#include "common/config/credential_text.h"
#include "common/config/space_id.h"
#include "common/net/http_sender.h"

namespace dualtrace::agent {
namespace {

constexpr Duration kCredentialAgeMax = std::chrono::minutes(1);
constexpr Duration kLookInterval = std::chrono::seconds(10);

LaneOptions lane_options(const std::string& name, const DestinationParts& parts) {
  const DeliveryConfig& delivery = parts.delivery;
  return {.name = name,
          .batch_bytes_target = delivery.batch_bytes,
          .batch_bytes_max = delivery.batch_bytes_max,
          .linger = delivery.linger,
          .requests_in_flight_max = delivery.requests_in_flight,
          .request_timeout = delivery.request_timeout,
          .backoff = {.base = delivery.retry_base, .max = delivery.retry_max},
          .pause_probe_interval = delivery.pause_probe,
          .backlog_bytes_max = delivery.max_backlog,
          .age_max = delivery.max_age,
          .bodies = parts.bodies,
          .legacy = parts.legacy};
}

std::unique_ptr<Credential> credential_from(const std::string& file, CheckCredential check,
                                            const DestinationParts& parts) {
  return make_file_credential(file, kCredentialAgeMax, parts.files, parts.clock, check);
}

report::Credential look_at(report::CredentialPart part, Credential& credential) {
  report::Credential found{.part = part, .state = report::CredentialState::kLoaded};
  if (const Status looked = credential.look(); !looked) {
    const bool missing = looked.error().kind == ErrorKind::kNotFound;
    found.state = missing ? report::CredentialState::kMissing : report::CredentialState::kUnusable;
    found.why = looked.error().message;
  }
  found.fingerprint = credential.fingerprint();
  return found;
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
  made->start_lane(name == kArizeLane ? made->arize_exporter(config.arize.value(), parts)
                                      : made->databricks_exporter(config.databricks.value(), parts),
                   parts);
  return made;
}

std::unique_ptr<Exporter> Destination::arize_exporter(const ArizeConfig& config,
                                                      const DestinationParts& parts) {
  Credential& api_key =
      add_credential(report::CredentialPart::kAPIKey,
                     credential_from(config.api_key_file, check_credential, parts));
  Credential& space_id =
      add_credential(report::CredentialPart::kSpaceID,
                     credential_from(config.space_id_file, check_space_id, parts));
  const bool gzip = config.compression == Compression::kGzip;
  if (config.protocol == ArizeProtocol::kGrpc) {
    return make_arize_grpc_exporter(
        {.endpoint = config.endpoint, .tls = config.tls, .gzip = gzip, .proxy = config.proxy},
        api_key, space_id);
  }
  return make_arize_http_exporter({.endpoint_path = config.endpoint.path, .gzip = gzip}, api_key,
                                  space_id,
                                  make_http_sender({.origin = config.endpoint,
                                                    .tls = config.tls,
                                                    .proxy = config.proxy,
                                                    .thread_name = "arize-http"}),
                                  parts.clock);
}

std::unique_ptr<Exporter> Destination::databricks_exporter(const DatabricksConfig& config,
                                                           const DestinationParts& parts) {
  Credential& token = add_credential(
      report::CredentialPart::kToken,
      credential_from(std::get<DatabricksToken>(config.auth).file, check_credential, parts));
  return make_databricks_http_exporter(
      {.table = config.table, .gzip = config.compression == Compression::kGzip}, token,
      make_http_sender({.origin = config.workspace,
                        .tls = config.tls,
                        .proxy = config.proxy,
                        .thread_name = "databricks-http"}),
      parts.clock);
}

void Destination::start_lane(std::unique_ptr<Exporter> exporter, const DestinationParts& parts) {
  exporter_ = std::move(exporter);
  lane_ = make_lane(lane_options(name_, parts), *exporter_, dead_letters_, scheduler_,
                    Random(entropy()), parts.metrics);
  look_at_credentials();
}

Credential& Destination::add_credential(report::CredentialPart part,
                                        std::unique_ptr<Credential> credential) {
  credentials_.push_back({part, std::move(credential)});
  return *credentials_.back().credential;
}

void Destination::look_at_credentials() {
  std::vector<report::Credential> found;
  for (const Part& part : credentials_) found.push_back(look_at(part.name, *part.credential));
  bool changed = false;
  {
    Lock lock(mutex_);
    changed = found != found_;
    found_ = std::move(found);
  }
  // A lane that pauses for want of the right one need not wait for its next probe.
  if (changed) lane_->nudge();
  scheduler_.run_after(kLookInterval, [this] { look_at_credentials(); });
}

std::vector<report::Credential> Destination::credentials() const {
  std::vector<report::Credential> credentials;
  {
    Lock lock(mutex_);
    credentials = found_;
  }
  // A lane that was refused reads its file between two looks.
  for (size_t i = 0; i < credentials.size(); ++i) {
    std::string in_use = credentials_[i].credential->fingerprint();
    if (in_use == credentials[i].fingerprint) continue;
    credentials[i] = {.part = credentials_[i].name,
                      .state = report::CredentialState::kLoaded,
                      .fingerprint = std::move(in_use)};
  }
  return credentials;
}

Destination::~Destination() { stop(); }

void Destination::stop() {
  scheduler_.stop();
  exporter_.reset();
}

}  // namespace dualtrace::agent
