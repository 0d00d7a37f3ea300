// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/listeners.h"

#include "tests/sandbox/arize_http.h"
#include "tests/sandbox/databricks_http.h"

namespace dualtrace::sandbox {
namespace {

constexpr size_t kBodyBytesMax = size_t{256} * 1024 * 1024;
constexpr size_t kConnectionsMax = 4096;

}  // namespace

Listeners::Listeners(std::string host, std::optional<TlsServerOptions> tls, DestinationPorts ports,
                     Reception& reception, WorkspaceHttp& workspace)
    : host_(std::move(host)),
      tls_(std::move(tls)),
      reception_(reception),
      workspace_(workspace),
      ports_(ports) {}

Status Listeners::open(Destination destination) {
  switch (destination) {
    case Destination::kArize:
      return open_arize();
    case Destination::kDatabricks:
      return open_one(databricks_, ports_.databricks, "databricks",
                      databricks_http_handler(reception_, workspace_));
    case Destination::kZerobus:
      return open_one(zerobus_, ports_.zerobus, "zerobus", zerobus_http_handler(reception_));
    default:
      return {};
  }
}

void Listeners::close(Destination destination) {
  if (destination == Destination::kArize) {
    arize_grpc_.reset();
    arize_http_.reset();
  }
  if (destination == Destination::kDatabricks) databricks_.reset();
  if (destination == Destination::kZerobus) zerobus_.reset();
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
  return open_one(arize_http_, ports_.arize_http, "arize-http", arize_http_handler(reception_));
}

Status Listeners::open_one(std::unique_ptr<HttpServer>& server, uint16_t& port,
                           const std::string& name, HttpServer::Handler handler) {
  if (server) return {};
  auto http = start_http(port, name, std::move(handler));
  if (!http) return fail(http.error().with_prefix(name + ": "));
  server = *std::move(http);
  port = server->port();
  return {};
}

}  // namespace dualtrace::sandbox
