// SPDX-License-Identifier: Apache-2.0
#pragma once
// Receiver: listens on all configured addresses and speaks, on each of them, OTLP/gRPC, OTLP/HTTP
// over HTTP/2 and OTLP/HTTP over HTTP/1.1, in plain text or TLS; the first bytes decide. It
// enforces the limits of ReceiverConfig, passes complete bodies to the Intake and converts its
// answers to replies (reply.h). Also answers grpc.health.v1. nghttp2, Beast's parser, Asio and
// OpenSSL stay in .cc files. Owns its threads; the public calls are made from one thread.

#include <cstdint>
#include <memory>
#include <vector>

#include "agent/intake/intake.h"
#include "common/config/agent_config.h"
#include "common/error/result.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Receiver {
 public:
  // It listens when this returns. kConflict if an address is in use, kInvalid for bad TLS files.
  static Result<std::unique_ptr<Receiver>> start(const ReceiverConfig& config, Intake& intake,
                                                 MetricRegistry& metrics);
  // Closes every connection and joins the threads; unanswered requests get no answer.
  virtual ~Receiver() = default;

  // In the order of ReceiverConfig::listen, with port 0 resolved.
  [[nodiscard]] virtual std::vector<uint16_t> ports() const = 0;
  // Stops accepting connections and requests (GOAWAY, Connection: close), answers requests that
  // have begun, and returns when all are answered or the timeout has passed.
  virtual void drain(Duration timeout) = 0;
};

}  // namespace dualtrace::agent
