// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientContext: the TLS side of an HttpSender's connections. Its files are read when a connection
// is made, so that a rotated one is picked up by the next; what did not change is not parsed again.
// A file that cannot be read, or holds no certificate, is an error: nothing is trusted in its
// place. Private to common_http_client.
// Used from one thread.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "common/error/result.h"
#include "common/net/tls.h"

namespace dualtrace {

class ClientContext {
 public:
  using Shared = std::shared_ptr<boost::asio::ssl::context>;

  // `host` is what is verified and asked for, unless the options name another.
  ClientContext(TlsClientOptions options, std::string host);

  // kInvalid when a file of ours is not what it has to be.
  Result<Shared> current();
  // Makes a new connection ask for the host by name and verify the answer.
  Status prepare(SSL* connection) const;

 private:
  [[nodiscard]] Result<Shared> make() const;
  [[nodiscard]] std::string material() const;

  const TlsClientOptions options_;
  const std::string name_;
  Shared context_;
  std::string material_;  // that context_ was made of
};

// Why the verification failed, or "".
[[nodiscard]] std::string verification_failure(SSL* connection);

}  // namespace dualtrace
