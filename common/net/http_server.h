// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpServer: a small HTTP/1.1 server with limits, for everything except OTLP intake: probes,
// metrics and status of the agent, probes and webhook of the operator, and the sandbox. Boost is
// used only in its .cc and in http_connection. A body over the limit is answered with 413, one that
// does not fit beside the others with 503, headers over the limit with 431, and anything that is
// not HTTP with 400. A connection over the limit replaces the one that has waited longest for its
// client; a connection without progress is closed. Handlers run on the server's only thread and
// must not block; they may answer later, from any thread, through the HttpReplier.
// Used from one thread, except for show(), which is thread-safe.

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

// The right to answer one request, once, from any thread, even after the server was destroyed. If
// it is dropped without an answer, the connection is closed.
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
    HostPort listen;  // port 0: chosen by the system, see port(); "::" includes IPv4
    // At most one of the two; neither: no TLS.
    std::optional<TlsServerOptions> tls{};
    std::optional<TlsIdentity> identity{};
    size_t body_bytes_max = 1024 * 1024;
    // For all unanswered requests together; by default limited only by their number.
    size_t bodies_bytes_max = std::numeric_limits<size_t>::max();
    size_t header_bytes_max = 16 * 1024;
    size_t connections_max = 256;
    Duration idle_timeout = std::chrono::seconds(60);      // until a request's headers
    Duration progress_timeout = std::chrono::seconds(60);  // for a handshake, a body, an answer
    std::string thread_name = "http";
  };
  using Handler = std::function<void(HttpServerRequest, HttpReplier)>;

  static Result<std::unique_ptr<HttpServer>> start(Options options, Handler handler);

  // Closes all connections and joins the thread. No handler runs when it returns.
  virtual ~HttpServer() = default;
  [[nodiscard]] virtual uint16_t port() const = 0;
  // New connections use this identity; existing ones keep theirs. Only for a server that was
  // started with an identity. After an error, the old one stays.
  virtual Status show(const TlsIdentity& identity) = 0;
};

}  // namespace dualtrace
