// SPDX-License-Identifier: Apache-2.0
#pragma once
// Socket: an owned, non-blocking TCP socket, and the functions that create one. Only system calls;
// its holder waits for readiness. Move-only; used from one thread at a time.

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
  // The caller then owns the descriptor.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
  [[nodiscard]] uint16_t local_port() const;

 private:
  int descriptor_ = -1;
};

// "::" accepts IPv4, too, and becomes 0.0.0.0 if the kernel has no IPv6. kConflict if the address
// is in use, kInvalid if it is not one of this host's.
Result<Socket> listen_on(const HostPort& address);
struct Accepted {
  Socket socket;
  PeerAddress peer;
};
// The next connection. kNotFound if none is waiting, kUnavailable if the process or the system is
// out of descriptors or memory.
Result<Accepted> accept_from(const Socket& listening);

}  // namespace dualtrace::agent
