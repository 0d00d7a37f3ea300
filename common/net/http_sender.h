// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpSender: HTTP/1.1 requests to one origin, answered by callback. Used by the lanes' HTTP
// exporters. Follows no redirects, retries nothing, and reads a bounded part of the answer.
// make_http_sender() makes PooledHttpSender, the client of the data path; HttpClient adds streams.
// Thread-safe.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/bytes/shared_bytes.h"
#include "common/error/result.h"
#include "common/net/http_proxy.h"
#include "common/net/http_response.h"
#include "common/net/tls.h"
#include "common/net/url.h"
#include "common/time/clock.h"

namespace dualtrace {

struct HttpRequest {
  std::string method = "POST";
  std::string path = "/";  // starts with "/", includes the query
  HttpHeaders headers{};
  SharedByteChain body{};
};

class HttpSender {
 public:
  // Any HTTP status except 1xx is a response. An Error means that there was none: kUnavailable
  // (refused, reset, name, TLS), kCancelled (timeout, or the client was destroyed), kDenied (a
  // proxy refuses the tunnel) or kInvalid (a header with a line break, unusable TLS files or proxy
  // credentials). Its message names the host and the cause.
  using Done = std::function<void(Result<HttpResponse>)>;

  // Cancels requests in flight; every `done` has been called when the destructor returns. Must not
  // run from within a `done`.
  virtual ~HttpSender() = default;
  // Does not block. `done` is called exactly once, on a thread of the client, never from within
  // send(), and must not block. `timeout` covers the whole exchange, including connecting.
  virtual void send(HttpRequest request, Duration timeout, Done done) = 0;
};

// The client of the data path (docs/decisions/0023), with its own thread, connection pool and name
// lookup, so that no destination can block another.
struct HttpSenderOptions {
  Url origin;  // its path is ignored
  TlsClientOptions tls{};
  std::optional<HttpProxy> proxy{};
  std::string thread_name = "http-sender";  // at most 15 bytes
  // The limit for a body, after inflation; a longer one is marked as cut.
  size_t response_bytes_max = 4 << 20;
  // An answer with a longer head is an error.
  size_t head_bytes_max = 64 << 10;
  size_t connections_max = 64;
  // A connection that was idle for longer is not reused, unless the server announced a longer time
  // with "Keep-Alive: timeout=". Then it is used until a second before that.
  Duration idle_max = std::chrono::seconds(4);
  // The time from the resolved addresses to a usable connection.
  Duration connect_max = std::chrono::seconds(20);
};
// If the timeout passes, kCancelled means "sent, but no answer in time", and kUnavailable "not sent
// in time": such a request has not reached the server.
std::unique_ptr<HttpSender> make_http_sender(HttpSenderOptions options);

}  // namespace dualtrace
