// SPDX-License-Identifier: Apache-2.0
#pragma once
// Transport: bytes over a connected non-blocking socket, plain or through TLS. Never blocks; says
// what to wait for instead. OpenSSL is in tls_transport.cc alone.
// Used from one thread. The socket is the caller's and outlives it.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace dualtrace::agent {

struct Progress {
  enum class Kind {
    kBytes,      // `bytes` of them, at least one
    kWantRead,   // again when the socket is readable
    kWantWrite,  // again when the socket is writable
    kEnd,        // the peer sends no more
    kBroken,     // the connection is of no use any more
  };
  Kind kind = Kind::kBroken;
  size_t bytes = 0;
  bool more = true;  // reading again may give bytes without waiting
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual Progress read(std::span<char> buffer) = 0;
  virtual Progress write(std::string_view bytes) = 0;
  // Both sides have agreed on HTTP/2 (ALPN), known once bytes were read.
  [[nodiscard]] virtual bool agreed_on_http2() const { return false; }
  // False over a TLS cipher that HTTP/2 forbids; known once bytes were read.
  [[nodiscard]] virtual bool may_speak_http2() const { return true; }
  // Tells the peer that nothing more will be sent.
  virtual void end_output() = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_plain_transport(int descriptor);

}  // namespace dualtrace::agent
