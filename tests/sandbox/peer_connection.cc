// SPDX-License-Identifier: Apache-2.0
#include "tests/sandbox/peer_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>

namespace dualtrace::sandbox {
namespace {

struct Endpoint {
  std::string address;  // without brackets; IPv4 without the IPv6 mapping
  uint16_t port = 0;
};

std::optional<Endpoint> endpoint_of(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return Endpoint{text, ntohs(v4.sin_port)};
  }
  if (storage.ss_family != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return Endpoint{text, ntohs(v6.sin6_port)};
}

std::optional<Endpoint> parse_peer(std::string_view peer) {
  const size_t scheme = peer.find(':');
  const size_t colon = peer.rfind(':');
  if (scheme == std::string_view::npos || colon == scheme) return std::nullopt;
  Endpoint endpoint;
  std::from_chars(peer.data() + colon + 1, peer.data() + peer.size(), endpoint.port);
  endpoint.address = peer.substr(scheme + 1, colon - scheme - 1);
  for (const std::string_view bracket : {"%5B", "%5D", "[", "]"})
    if (const size_t at = endpoint.address.find(bracket); at != std::string::npos)
      endpoint.address.erase(at, bracket.size());
  return endpoint;
}

using NameCall = int (*)(int, sockaddr*, socklen_t*);

std::optional<Endpoint> ask(NameCall call, int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (call(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return std::nullopt;
  return endpoint_of(storage);
}

}  // namespace

void cut_connection(std::string_view peer, uint16_t local_port) {
  const auto wanted = parse_peer(peer);
  if (!wanted) return;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    int fd = -1;
    const std::string name = entry.path().filename();
    std::from_chars(name.data(), name.data() + name.size(), fd);
    const auto remote = ask(getpeername, fd);
    if (!remote || remote->port != wanted->port || remote->address != wanted->address) continue;
    const auto local = ask(getsockname, fd);
    if (local && local->port == local_port) shutdown(fd, SHUT_RDWR);
  }
}

}  // namespace dualtrace::sandbox
