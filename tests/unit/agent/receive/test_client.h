// SPDX-License-Identifier: Apache-2.0
#pragma once
// TestClient: a blocking TCP client on loopback that sends and receives raw bytes, with or without
// TLS. Used from one thread.

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/tls.h"

namespace dualtrace::agent {

struct TestClientTls {
  std::string ca_file;
  TlsServerOptions identity;    // the client's certificate and key; empty: it sends none
  std::string protocols;        // ALPN, in wire form
  std::string tls12_ciphers{};  // if set: only TLS 1.2 with these
};

class TestClient {
 public:
  // Connects to 127.0.0.1 or ::1.
  TestClient(const std::string& address, uint16_t port);
  // Connects from another loopback address, to appear as another peer.
  static TestClient from(const std::string& source, uint16_t port) {
    return TestClient("127.0.0.1", port, source);
  }
  // After the handshake; see handshaken().
  TestClient(const std::string& address, uint16_t port, const TestClientTls& tls);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  [[nodiscard]] bool handshaken() const { return handshaken_; }
  [[nodiscard]] std::string protocol() const;            // negotiated by ALPN
  [[nodiscard]] std::string server_certificate() const;  // in DER

  // Returns false if the connection is closed.
  bool send(std::string_view bytes);
  void end_output();
  // The available bytes, at least one; empty once the connection is closed.
  std::string receive();
  // Everything up to and including `end`, or until the connection is closed.
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
