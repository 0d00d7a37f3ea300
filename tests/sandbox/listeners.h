// SPDX-License-Identifier: Apache-2.0
#pragma once
// Listeners: the open ports of the destinations. A destination can be closed, so that connections
// are refused, and reopened on the same ports.
// Used from one thread after start(); ports() is Immutable then.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/net/http_server.h"
#include "tests/sandbox/arize_grpc_service.h"
#include "tests/sandbox/reception.h"
#include "tests/sandbox/workspace_http.h"

namespace dualtrace::sandbox {

struct DestinationPorts {
  uint16_t arize_grpc = 0;  // 0: chosen automatically
  uint16_t arize_http = 0;
  uint16_t databricks = 0;
  uint16_t zerobus = 0;
};

class Listeners {
 public:
  // `reception` and `workspace` must outlive the listeners.
  Listeners(std::string host, std::optional<TlsServerOptions> tls, DestinationPorts ports,
            Reception& reception, WorkspaceHttp& workspace);

  // Opening an open destination, closing a closed one, and either for a destination without its own
  // ports has no effect. A failed open() leaves it closed.
  Status open(Destination destination);
  void close(Destination destination);

  // The current or last ports.
  [[nodiscard]] const DestinationPorts& ports() const { return ports_; }

 private:
  Result<std::unique_ptr<HttpServer>> start_http(uint16_t port, const std::string& name,
                                                 HttpServer::Handler handler) const;
  Status open_arize();
  Status open_one(std::unique_ptr<HttpServer>& server, uint16_t& port, const std::string& name,
                  HttpServer::Handler handler);

  const std::string host_;
  const std::optional<TlsServerOptions> tls_;
  Reception& reception_;
  WorkspaceHttp& workspace_;
  DestinationPorts ports_;

  std::unique_ptr<ArizeGrpcServer> arize_grpc_;
  std::unique_ptr<HttpServer> arize_http_;
  std::unique_ptr<HttpServer> databricks_;
  std::unique_ptr<HttpServer> zerobus_;
};

}  // namespace dualtrace::sandbox
