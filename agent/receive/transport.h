// SPDX-License-Identifier: Apache-2.0
#pragma once
// Transport: bytes over a connected non-blocking socket, plain or through TLS. Never blocks;
// returns what to wait for instead. OpenSSL is in tls_transport.cc alone.
// Used from one thread. The caller owns the socket, which outlives the transport.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace dualtrace::agent {

struct Progress {
  enum class Kind {
    kBytes,      // `bytes` of them, at least one
    kWantRead,   // retry when the socket is readable
    kWantWrite,  // retry when the socket is writable
    kEnd,        // the peer sends no more
    kBroken,     // the connection is no longer usable
  };
  Kind kind = Kind::kBroken;
  size_t bytes = 0;
  bool more = true;  // another read may return bytes without waiting
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
  // Tells the peer that nothing more is sent.
  virtual void end_output() = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_plain_transport(int descriptor);

}  // namespace dualtrace::agent
