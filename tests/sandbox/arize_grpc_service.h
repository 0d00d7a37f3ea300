// SPDX-License-Identifier: Apache-2.0
#pragma once
// Arize's OTLP/gRPC endpoint: TraceService/Export on grpc++, which passes on the raw bytes of a
// message. A call without an answer ends by closing its TCP connection, as in a crash.
// Thread-safe.

#include <cstdint>
#include <memory>
#include <optional>

#include "common/error/result.h"
#include "common/net/tls.h"
#include "common/net/url.h"
#include "tests/sandbox/reception.h"

namespace dualtrace::sandbox {

class ArizeGrpcServer {
 public:
  // `reception` must outlive the server.
  static Result<std::unique_ptr<ArizeGrpcServer>> start(const HostPort& listen,
                                                        const std::optional<TlsServerOptions>& tls,
                                                        Reception& reception);

  // Cancels the pending calls and closes all connections.
  virtual ~ArizeGrpcServer() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;
};

}  // namespace dualtrace::sandbox
