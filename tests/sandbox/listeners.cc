#include "tests/sandbox/listeners.h"

#include "tests/sandbox/arize_http.h"
#include "tests/sandbox/databricks_http.h"

namespace dualtrace::sandbox {
namespace {

constexpr size_t kBodyBytesMax = size_t{256} * 1024 * 1024;
constexpr size_t kConnectionsMax = 4096;

}  // namespace

Listeners::Listeners(std::string host, std::optional<TlsServerOptions> tls, DestinationPorts ports,
                     Reception& reception)
    : host_(std::move(host)), tls_(std::move(tls)), reception_(reception), ports_(ports) {}

Status Listeners::open(Destination destination) {
  return destination == Destination::kArize ? open_arize() : open_databricks();
}

void Listeners::close(Destination destination) {
  if (destination == Destination::kArize) {
    arize_grpc_.reset();
    arize_http_.reset();
  } else {
    databricks_.reset();
  }
}

Result<std::unique_ptr<HttpServer>> Listeners::start_http(uint16_t port, const std::string& name,
                                                          HttpServer::Handler handler) const {
  return HttpServer::start({.listen = {host_, port},
                            .tls = tls_,
                            .body_bytes_max = kBodyBytesMax,
                            .connections_max = kConnectionsMax,
                            .thread_name = name},
                           std::move(handler));
}

Status Listeners::open_arize() {
  if (!arize_grpc_) {
    auto grpc = ArizeGrpcServer::start({host_, ports_.arize_grpc}, tls_, reception_);
    if (!grpc) return fail(grpc.error().with_prefix("arize: "));
    arize_grpc_ = *std::move(grpc);
    ports_.arize_grpc = arize_grpc_->port();
  }
  if (!arize_http_) {
    auto http = start_http(ports_.arize_http, "arize-http", arize_http_handler(reception_));
    if (!http) return fail(http.error().with_prefix("arize: "));
    arize_http_ = *std::move(http);
    ports_.arize_http = arize_http_->port();
  }
  return {};
}

Status Listeners::open_databricks() {
  if (databricks_) return {};
  auto http = start_http(ports_.databricks, "databricks", databricks_http_handler(reception_));
  if (!http) return fail(http.error().with_prefix("databricks: "));
  databricks_ = *std::move(http);
  ports_.databricks = databricks_->port();
  return {};
}

}  // namespace dualtrace::sandbox
