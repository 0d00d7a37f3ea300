// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/agent/receive/test_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dualtrace::agent {
namespace {

int connect_to(const std::string& address, uint16_t port, const std::string& source = {}) {
  const bool v6 = address.find(':') != std::string::npos;
  const int descriptor = ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  inet_pton(AF_INET6, address.c_str(), &six.sin6_addr);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &four.sin_addr);
  if (!source.empty()) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    inet_pton(AF_INET, source.c_str(), &own.sin_addr);
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&own), sizeof(own)), 0);
  }
  const auto* target = v6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
  EXPECT_EQ(::connect(descriptor, target, v6 ? sizeof(six) : sizeof(four)), 0);
  const timeval patience{20, 0};  // fail instead of hanging
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  return descriptor;
}

}  // namespace

TestClient::TestClient(const std::string& address, uint16_t port)
    : descriptor_(connect_to(address, port)) {}

TestClient::TestClient(const std::string& address, uint16_t port, const std::string& source)
    : descriptor_(connect_to(address, port, source)) {}

TestClient::TestClient(const std::string& address, uint16_t port, const TestClientTls& tls)
    : TestClient(address, port) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_load_verify_locations(context_.get(), tls.ca_file.c_str(), nullptr);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (!tls.identity.certificate_file.empty()) {
    const char* certificate = tls.identity.certificate_file.c_str();
    const char* key = tls.identity.key_file.c_str();
    EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context_.get(), certificate), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context_.get(), key, SSL_FILETYPE_PEM), 1);
  }
  SSL_CTX_set_alpn_protos(context_.get(),
                          reinterpret_cast<const unsigned char*>(tls.protocols.data()),
                          static_cast<unsigned>(tls.protocols.size()));
  if (!tls.tls12_ciphers.empty()) {
    SSL_CTX_set_max_proto_version(context_.get(), TLS1_2_VERSION);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_.get(), tls.tls12_ciphers.c_str()), 1);
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), descriptor_);
  handshaken_ = SSL_connect(ssl_.get()) == 1;
}

TestClient::~TestClient() { ::close(descriptor_); }

std::string TestClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return name == nullptr ? "" : std::string(reinterpret_cast<const char*>(name), size);
}

std::string TestClient::server_certificate() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(SSL_get0_peer_certificate(ssl_.get()), &bytes);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

bool TestClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                              : ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

void TestClient::end_output() { ::shutdown(descriptor_, SHUT_WR); }

std::string TestClient::receive() {
  char buffer[16 * 1024];
  const ssize_t size = ssl_ ? SSL_read(ssl_.get(), buffer, sizeof(buffer))
                            : ::recv(descriptor_, buffer, sizeof(buffer), 0);
  return size <= 0 ? std::string() : std::string(buffer, static_cast<size_t>(size));
}

std::string TestClient::receive_until(std::string_view end) {
  std::string all;
  while (all.find(end) == std::string::npos) {
    const std::string more = receive();
    if (more.empty()) break;
    all += more;
  }
  return all;
}

std::string TestClient::receive_all() {
  std::string all;
  for (std::string more = receive(); !more.empty(); more = receive()) all += more;
  return all;
}

}  // namespace dualtrace::agent
