// SPDX-License-Identifier: Apache-2.0
#pragma once
// TlsAcceptor: makes TLS transports from PEM files, and reads the files again for the next
// connection when they changed (a rotated Secret). Files that do not load leave the last good ones
// in use. TLS 1.2 and up; ALPN offers h2 and http/1.1. With a client CA every client has to show a
// certificate of it.
// Used from one thread; the transports it makes may live on others and outlive it.

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
