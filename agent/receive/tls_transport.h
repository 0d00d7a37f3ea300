// SPDX-License-Identifier: Apache-2.0
#pragma once
// TlsAcceptor: creates TLS transports from PEM files, and reloads the files for the next connection
// if they changed (a rotated Secret). If files do not load, the last good ones stay in use. TLS 1.2
// and up; ALPN offers h2 and http/1.1. With a client CA, every client has to present a certificate
// issued by it.
// Used from one thread; the transports it creates may be used on others and outlive it.

#include <memory>
#include <string>

#include "agent/receive/transport.h"
#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace::agent {

class TlsAcceptor {
 public:
  // kInvalid for files that do not load.
  static Result<std::unique_ptr<TlsAcceptor>> open(const TlsServerOptions& options);
  virtual ~TlsAcceptor() = default;

  // The handshake happens within the transport's first reads.
  [[nodiscard]] virtual std::unique_ptr<Transport> accept(int descriptor) = 0;
};

}  // namespace dualtrace::agent
