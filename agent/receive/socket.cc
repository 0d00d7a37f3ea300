// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace dualtrace::agent {
namespace {

constexpr int kBacklog = 1024;

Failure system_failure(ErrorKind kind, const std::string& what) {
  return fail(kind, what + ": " + std::strerror(errno));
}

void set_option(int descriptor, int level, int option, int value) {
  // None of the options set here is essential.
  static_cast<void>(setsockopt(descriptor, level, option, &value, sizeof(value)));
}

PeerAddress peer_of(const sockaddr_storage& address) {
  PeerAddress peer;
  if (address.ss_family == AF_INET6) {
    const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(peer.bytes.data(), ipv6.sin6_addr.s6_addr, peer.bytes.size());
    return peer;
  }
  std::array<uint8_t, 4> ipv4{};
  std::memcpy(ipv4.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, ipv4.size());
  return PeerAddress::of_ipv4(ipv4);
}

Result<Socket> bind_and_listen(const addrinfo& address, const std::string& name) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0)
    return system_failure(ErrorKind::kInternal, "cannot create a socket for " + name);
  set_option(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set_option(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (::bind(socket.descriptor(), address.ai_addr, address.ai_addrlen) != 0 ||
      ::listen(socket.descriptor(), kBacklog) != 0) {
    const bool taken = errno == EADDRINUSE;
    return system_failure(taken ? ErrorKind::kConflict : ErrorKind::kInvalid,
                          "cannot listen on " + name);
  }
  return socket;
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

uint16_t Socket::local_port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<Socket> listen_on(const HostPort& address) {
  const std::string name = address.host + " port " + std::to_string(address.port);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    return fail(ErrorKind::kInvalid, "cannot listen on " + name + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  Result<Socket> socket = bind_and_listen(*addresses, name);
  const bool no_ipv6 = !socket && addresses->ai_family == AF_INET6 &&
                       (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
  if (no_ipv6 && address.host == "::") return listen_on({"0.0.0.0", address.port});
  return socket;
}

Result<Accepted> accept_from(const Socket& listening) {
  for (;;) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    Socket socket(::accept4(listening.descriptor(), reinterpret_cast<sockaddr*>(&address), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.descriptor() >= 0) {
      set_option(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);
      return Accepted{std::move(socket), peer_of(address)};
    }
    switch (errno) {
      case EAGAIN:
        return fail(ErrorKind::kNotFound, "no connection is waiting");
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return system_failure(ErrorKind::kUnavailable, "cannot accept a connection");
      default:
        break;  // that one connection failed; the next may not
    }
  }
}

}  // namespace dualtrace::agent
