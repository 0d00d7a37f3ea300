// SPDX-License-Identifier: Apache-2.0
// Any bytes sent to the HTTP server of /status, over loopback: it answers or closes the connection,
// its handler sees nothing above the limits, and the next connection is served.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
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

int done(const char* call, int result) {
  if (result >= 0) return result;
  std::perror(call);
  std::abort();
}

// libFuzzer measures time with SIGALRM, which would interrupt a system call with EINTR.
void let_alarms_interrupt_nothing() {
  struct sigaction action {};
  done("sigaction", ::sigaction(SIGALRM, nullptr, &action));
  action.sa_flags |= SA_RESTART;
  done("sigaction", ::sigaction(SIGALRM, &action, nullptr));
}

int connected() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = done("socket", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  done("connect",
       ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  return descriptor;
}

// The server's answer to these bytes until it hangs up.
std::string exchange(std::string_view bytes) {
  const int descriptor = connected();
  // It may have hung up before the end of the bytes.
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
  ::close(descriptor);
  return said;
}

}  // namespace
}  // namespace dualtrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  [[maybe_unused]] static const bool once = (dualtrace::let_alarms_interrupt_nothing(), true);
  const std::string said = dualtrace::exchange({reinterpret_cast<const char*>(data), size});
  DT_CHECK(said.empty() || said.starts_with("HTTP/1.1 "));
  static uint64_t runs = 0;
  if (++runs % 64 == 0) {
    DT_CHECK(dualtrace::exchange("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                 .ends_with("answered"));
  }
  return 0;
}
