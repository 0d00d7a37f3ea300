// SPDX-License-Identifier: Apache-2.0
#pragma once
// Socket: an owned, non-blocking TCP socket, and the calls that make one. Only system calls;
// readiness is the business of whoever holds it. Move-only; used from one thread at a time.

#include <cstdint>
#include <utility>

#include "agent/receive/peer_address.h"
#include "common/error/result.h"
#include "common/net/url.h"

namespace dualtrace::agent {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket();
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  // The caller owns the descriptor from here on.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
  [[nodiscard]] uint16_t local_port() const;

 private:
  int descriptor_ = -1;
};

// "::" takes IPv4 too, and becomes 0.0.0.0 where the kernel has no IPv6. kConflict when the address
// is taken, kInvalid when it is none of this host's.
Result<Socket> listen_on(const HostPort& address);
struct Accepted {
  Socket socket;
  PeerAddress peer;
};
// The next connection. kNotFound when none is waiting, kUnavailable when the process or the system
// is out of descriptors or memory.
Result<Accepted> accept_from(const Socket& listening);

}  // namespace dualtrace::agent
