// SPDX-License-Identifier: Apache-2.0
#pragma once
// ClientTls: makes the SSL_CTX of each new connection strict. TLS 1.2 at least, the host's name or
// address verified by OpenSSL, only the given CA trusted when one is given (cpprestsdk by itself
// adds it to the system's), its file and the client's certificate read each time. Keeps the reason
// of a failed verification, which cpprestsdk drops. Private to common_http_client.
// Used from one thread.

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "common/net/tls.h"

namespace dualtrace {

class ClientTls : public std::enable_shared_from_this<ClientTls> {
 public:
  ClientTls(TlsClientOptions options, std::string host);

  // Throws std::runtime_error, as the callback of cpprestsdk it is called from has to.
  void prepare(SSL_CTX* context);
  // Whether cpprestsdk is to ask for the host by its name, and to have the answer verified.
  [[nodiscard]] bool sends_host_name() const;
  [[nodiscard]] bool verifies() const { return !options_.insecure; }
  // Why the last verification failed, once; or "".
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
