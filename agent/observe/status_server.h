// SPDX-License-Identifier: Apache-2.0
#pragma once
// StatusServer: serves the agent's state over HTTP: /metrics, /livez, /readyz (can it accept and
// store spans?), /readyz/receiver (does it answer clients, even if with refusals?), /status and a
// page for people. Observer decides the answers; StatusServer serves them on a port.
// Thread-safe.

#include <memory>
#include <string>

#include "agent/observe/heartbeats.h"
#include "agent/observe/snapshot.h"
#include "agent/observe/snapshot_metrics.h"
#include "common/error/result.h"
#include "common/metric/metric.h"
#include "common/net/http_server.h"

namespace dualtrace::agent {

class Observer {
 public:
  // The references, and everything that `snapshot` reads, outlive the object.
  Observer(TakeSnapshot snapshot, Heartbeats& heartbeats, MetricRegistry& metrics);

  [[nodiscard]] HttpServerResponse respond(const std::string& method, const std::string& path);

 private:
  [[nodiscard]] HttpServerResponse metrics_text();
  [[nodiscard]] HttpServerResponse livez();
  [[nodiscard]] HttpServerResponse readyz() const;
  [[nodiscard]] HttpServerResponse receiver_readyz() const;

  const TakeSnapshot snapshot_;
  Heartbeats& heartbeats_;
  MetricRegistry& registry_;
  SnapshotMetrics metrics_;
};

class StatusServer {
 public:
  // Listening when it returns. The observer outlives it.
  static Result<std::unique_ptr<StatusServer>> start(const HostPort& listen, Observer& observer);
  [[nodiscard]] uint16_t port() const { return server_->port(); }

 private:
  explicit StatusServer(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}

  const std::unique_ptr<HttpServer> server_;
};

}  // namespace dualtrace::agent
