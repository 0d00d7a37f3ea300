// SPDX-License-Identifier: Apache-2.0
#pragma once
// TestClient: a blocking TCP client on loopback, plain or TLS, that speaks bytes. Used from one
// thread.

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/tls.h"

namespace dualtrace::agent {

struct TestClientTls {
  std::string ca_file;
  TlsServerOptions identity;    // the client's certificate and key; empty: none is shown
  std::string protocols;        // ALPN, in wire form
  std::string tls12_ciphers{};  // set: TLS 1.2 and nothing but these
};

class TestClient {
 public:
  // Connected to 127.0.0.1 or ::1.
  TestClient(const std::string& address, uint16_t port);
  // From another address of loopback, as another peer.
  static TestClient from(const std::string& source, uint16_t port) {
    return TestClient("127.0.0.1", port, source);
  }
  // After the handshake; see handshaken().
  TestClient(const std::string& address, uint16_t port, const TestClientTls& tls);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  [[nodiscard]] bool handshaken() const { return handshaken_; }
  [[nodiscard]] std::string protocol() const;            // by ALPN
  [[nodiscard]] std::string server_certificate() const;  // in DER

  // False when the connection is gone.
  bool send(std::string_view bytes);
  void end_output();
  // What is there, at least a byte; empty at the end of the connection.
  std::string receive();
  // Everything up to and with `end`, or up to the end of the connection.
  std::string receive_until(std::string_view end);
  std::string receive_all();

 private:
  TestClient(const std::string& address, uint16_t port, const std::string& source);

  int descriptor_ = -1;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
  bool handshaken_ = false;
};

}  // namespace dualtrace::agent
