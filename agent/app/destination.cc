#include "agent/app/destination.h"

#include <utility>

#include "agent/app/space_id.h"
#include "agent/send/arize_grpc_exporter.h"
#include "agent/send/arize_http_exporter.h"
#include "agent/send/databricks_http_exporter.h"
#include "common/net/http_client.h"

namespace dualtrace::agent {
namespace {

constexpr Duration kCredentialAgeMax = std::chrono::minutes(1);

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
          .bodies = parts.bodies};
}

std::unique_ptr<Credential> credential_from(const std::string& file,
                                            const DestinationParts& parts) {
  return make_file_credential(file, kCredentialAgeMax, parts.files, parts.clock);
}

}  // namespace

Destination::Destination(std::string name, const DestinationParts& parts)
    : name_(std::move(name)),
      scheduler_("dt-" + name_, parts.clock),
      dead_letters_({.folder = parts.delivery.folder + "/dead-letters/" + name_,
                     .destination = name_,
                     .bytes_max = parts.delivery.max_dead_letters},
                    parts.files, parts.metrics) {}

std::unique_ptr<Destination> Destination::make_arize(const ArizeConfig& config,
                                                     const DestinationParts& parts) {
  std::unique_ptr<Destination> made(new Destination(kArizeLane, parts));
  made->credential_ = credential_from(config.api_key_file, parts);
  made->space_id_ = make_space_id(credential_from(config.space_id_file, parts));
  const bool gzip = config.compression == Compression::kGzip;
  std::unique_ptr<Exporter> exporter;
  if (config.protocol == ArizeProtocol::kGrpc) {
    exporter = make_arize_grpc_exporter(
        {.endpoint = config.endpoint, .tls = config.tls, .gzip = gzip, .proxy = config.proxy},
        *made->credential_, *made->space_id_);
  } else {
    exporter = make_arize_http_exporter(
        {.endpoint_path = config.endpoint.path, .gzip = gzip}, *made->credential_, *made->space_id_,
        make_http_client({.origin = config.endpoint, .tls = config.tls, .proxy = config.proxy}),
        parts.clock);
  }
  made->start_lane(std::move(exporter), parts);
  return made;
}

std::unique_ptr<Destination> Destination::make_databricks(const DatabricksConfig& config,
                                                          const DestinationParts& parts) {
  std::unique_ptr<Destination> made(new Destination(kDatabricksLane, parts));
  made->credential_ = credential_from(config.token_file, parts);
  auto exporter = make_databricks_http_exporter(
      {.table = config.table, .gzip = config.compression == Compression::kGzip}, *made->credential_,
      make_http_client({.origin = config.workspace, .tls = config.tls, .proxy = config.proxy}),
      parts.clock);
  made->start_lane(std::move(exporter), parts);
  return made;
}

void Destination::start_lane(std::unique_ptr<Exporter> exporter, const DestinationParts& parts) {
  exporter_ = std::move(exporter);
  lane_ = make_lane(lane_options(name_, parts), *exporter_, dead_letters_, scheduler_,
                    Random(entropy()), parts.metrics);
}

Destination::~Destination() {
  scheduler_.stop();
  exporter_.reset();
}

}  // namespace dualtrace::agent
