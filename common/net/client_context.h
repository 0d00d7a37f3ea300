// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientContext: the TLS settings of an HttpSender's connections. Its files are read whenever a
// connection is made, so that the next connection uses a rotated file; unchanged files are not
// parsed again. A file that cannot be read, or contains no certificate, is an error: no other
// certificates are trusted in its place. Private to common_http_client.
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

  // `host` is verified and sent as SNI, unless the options name another.
  ClientContext(TlsClientOptions options, std::string host);

  // kInvalid if one of our files is unusable.
  Result<Shared> current();
  // Sets SNI and verification for a new connection.
  Status prepare(SSL* connection) const;

 private:
  [[nodiscard]] Result<Shared> make() const;
  [[nodiscard]] std::string material() const;

  const TlsClientOptions options_;
  const std::string name_;
  Shared context_;
  std::string material_;  // from which context_ was made
};

// Why the verification failed, or "".
[[nodiscard]] std::string verification_failure(SSL* connection);

}  // namespace dualtrace
