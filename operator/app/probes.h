// SPDX-License-Identifier: Apache-2.0
#pragma once
// Probes: /metrics, /livez and /readyz of the operator. answer_probe() makes the answers; Probes
// serves them on a port. Thread-safe.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/error/result.h"
#include "common/metric/metric.h"
#include "common/net/http_server.h"

namespace dualtrace::ctl {

// Called at each request, on the server's thread: must not block.
struct Health {
  std::function<std::vector<std::string>()> unsynced;  // what /readyz waits for
  std::function<bool()> alive;                         // of /livez
};

[[nodiscard]] HttpServerResponse answer_probe(const std::string& method, const std::string& path,
                                              const Health& health, const MetricRegistry& metrics);

class Probes {
 public:
  // Listening when it returns. The registry, and what `health` reads, outlive it.
  static Result<std::unique_ptr<Probes>> start(const HostPort& listen, Health health,
                                               const MetricRegistry& metrics);
  [[nodiscard]] uint16_t port() const { return server_->port(); }

 private:
  explicit Probes(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}

  const std::unique_ptr<HttpServer> server_;
};

}  // namespace dualtrace::ctl
