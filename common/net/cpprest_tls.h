// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientTls: makes the SSL_CTX of each new connection strict: at least TLS 1.2, the host's name or
// address verified by OpenSSL, and if a CA is given, only that CA trusted (cpprestsdk would add it
// to the system's). The CA file and the client's certificate are read each time. Keeps the reason
// for a failed verification, which cpprestsdk drops. Private to common_http_client.
// Used from one thread.

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "common/net/tls.h"

namespace dualtrace {

class ClientTls : public std::enable_shared_from_this<ClientTls> {
 public:
  ClientTls(TlsClientOptions options, std::string host);

  // Throws std::runtime_error, because cpprestsdk calls it in a callback that must report errors
  // this way.
  void prepare(SSL_CTX* context);
  // Whether cpprestsdk should send the host as SNI, and whether the server is verified.
  [[nodiscard]] bool sends_host_name() const;
  [[nodiscard]] bool verifies() const { return !options_.insecure; }
  // Returns the reason for the last failed verification, once; or "".
  [[nodiscard]] std::string take_failure();

 private:
  [[nodiscard]] const std::string& verified_name() const;
  void verify_with(SSL_CTX* context);
  static int verify(X509_STORE_CTX* store, void* self);
  static void ask_for_server_name(const SSL* connection, int where, int);

  const TlsClientOptions options_;
  const std::string host_;
  std::string failure_;
};

}  // namespace dualtrace
