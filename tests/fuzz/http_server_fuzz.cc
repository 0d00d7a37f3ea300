// Any bytes to the HTTP server behind /status, over loopback: it answers or hangs up, its handler
// sees nothing above the limits, and the next connection is served.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/error/check.h"
#include "common/net/http_server.h"

namespace dualtrace {
namespace {

constexpr size_t kBodyMax = 256;
constexpr size_t kHeaderMax = 2048;

HttpServer& server() {
  static const std::unique_ptr<HttpServer> running = [] {
    auto started = HttpServer::start(
        {.listen = {"127.0.0.1", 0}, .body_bytes_max = kBodyMax, .header_bytes_max = kHeaderMax},
        [](const HttpServerRequest& request, HttpReplier replier) {
          DT_CHECK(request.body.size() <= kBodyMax);
          size_t header_bytes = request.method.size() + request.path.size() + request.query.size();
          for (const auto& [name, value] : request.headers) {
            header_bytes += name.size() + value.size();
          }
          DT_CHECK(header_bytes <= kHeaderMax);
          replier.reply({.body = "answered"});
        });
    DT_CHECK(started.has_value());
    return *std::move(started);
  }();
  return *running;
}

// What the server says to these bytes until it hangs up.
std::string exchange(std::string_view bytes) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  DT_CHECK(::connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  // It may have hung up before the end.
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  ::shutdown(descriptor, SHUT_WR);
  std::string said;
  char buffer[4096];
  for (ssize_t size = 0; (size = ::recv(descriptor, buffer, sizeof(buffer), 0)) > 0;) {
    said.append(buffer, static_cast<size_t>(size));
  }
  // Without a FIN of ours to wait for, thousands of runs a second do not use up the ports.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ::close(descriptor);
  return said;
}

}  // namespace
}  // namespace dualtrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string said = dualtrace::exchange({reinterpret_cast<const char*>(data), size});
  DT_CHECK(said.empty() || said.starts_with("HTTP/1.1 "));
  static uint64_t runs = 0;
  if (++runs % 64 == 0) {
    DT_CHECK(dualtrace::exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                 .ends_with("answered"));
  }
  return 0;
}
