// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpServer: a small HTTP/1.1 server with limits, for what is not OTLP intake: probes, metrics and
// status of the agent, probes and webhook of the operator, and the sandbox. Boost is in its .cc and
// in http_connection. A body over its limit is answered 413, one for which there is no room beside
// the others 503, headers over theirs 431, what is not HTTP 400; a connection too many takes the
// place of the one whose client was waited for longest, and one that keeps us waiting is closed.
// Handlers run on the server's one thread and must not block; they may answer later, from any
// thread, through the HttpReplier. The server itself: Used from one thread, but show() is
// thread-safe.

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "common/error/result.h"
#include "common/net/http_client.h"
#include "common/net/tls.h"
#include "common/net/url.h"
#include "common/time/clock.h"

namespace dualtrace {

struct HttpServerRequest {
  std::string method;
  std::string path;     // without the query
  std::string query;    // without the "?", still encoded
  HttpHeaders headers;  // names in lower case
  std::string body;

  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct HttpServerResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  HttpHeaders headers{};
  std::string body{};
};

// The right to answer one request, once, from any thread, even after the server's end. Dropped
// unanswered, it closes the connection.
class HttpReplier {
 public:
  class Exchange;  // the server's side
  explicit HttpReplier(std::shared_ptr<Exchange> exchange);
  ~HttpReplier();
  HttpReplier(HttpReplier&&) noexcept;
  HttpReplier& operator=(HttpReplier&&) noexcept;

  void reply(HttpServerResponse response);

 private:
  std::shared_ptr<Exchange> exchange_;
};

class HttpServer {
 public:
  struct Options {
    HostPort listen;  // port 0: one is chosen, ask port(); "::" takes IPv4 too
    // At most one of the two; neither: no TLS.
    std::optional<TlsServerOptions> tls{};
    std::optional<TlsIdentity> identity{};
    size_t body_bytes_max = 1024 * 1024;
    // Of all requests that are not answered yet; default: as their number allows.
    size_t bodies_bytes_max = std::numeric_limits<size_t>::max();
    size_t header_bytes_max = 16 * 1024;
    size_t connections_max = 256;
    Duration idle_timeout = std::chrono::seconds(60);      // for a request's headers to come
    Duration progress_timeout = std::chrono::seconds(60);  // for a handshake, a body, a reader
    std::string thread_name = "http";
  };
  using Handler = std::function<void(HttpServerRequest, HttpReplier)>;

  static Result<std::unique_ptr<HttpServer>> start(Options options, Handler handler);

  // Closes all connections and joins. No handler runs when it returns.
  virtual ~HttpServer() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;
  // New connections see this identity from now on; those that there are keep the one they saw. Only
  // for a server that was started with one. After an error the old one stays.
  virtual Status show(const TlsIdentity& identity) = 0;
};

}  // namespace dualtrace
