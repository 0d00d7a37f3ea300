// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpSender: HTTP/1.1 requests to one origin, answered by callback. The lanes' HTTP exporters
// stand on it. Follows no redirect, retries nothing, reads a bounded part of the answer.
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
  std::string path = "/";  // begins with "/", with the query
  HttpHeaders headers{};
  SharedByteChain body{};
};

class HttpSender {
 public:
  // An HTTP status of any kind but 1xx is a response; an Error means that there was none:
  // kUnavailable (refused, reset, name, TLS), kCancelled (the timeout passed, or the client was
  // destroyed), kDenied (a proxy refuses the tunnel) or kInvalid (a header with a line break in it,
  // TLS files or a proxy's credential that cannot be used). Its message names the host and the
  // cause.
  using Done = std::function<void(Result<HttpResponse>)>;

  // Cancels what is in flight; every `done` has been called when the destructor returns. Not to be
  // run from within one.
  virtual ~HttpSender() = default;
  // Does not block. `done` is called exactly once, from a thread of the client's, never from within
  // send(), and must not block. `timeout` covers the whole exchange, connecting included.
  virtual void send(HttpRequest request, Duration timeout, Done done) = 0;
};

// The client of the data path (docs/decisions/0023): one thread, one pool of connections and one
// name lookup of its own, so that no destination can stop another.
struct HttpSenderOptions {
  Url origin;  // its path is ignored
  TlsClientOptions tls{};
  std::optional<HttpProxy> proxy{};
  std::string thread_name = "http-sender";  // at most 15 bytes
  // Of a body, unpacked where it comes packed; what is longer is marked as cut.
  size_t response_bytes_max = 4 << 20;
  // The head of an answer that is longer is no answer.
  size_t head_bytes_max = 64 << 10;
  size_t connections_max = 64;
  // A connection that idled for longer is not used again, unless the server promised with
  // "Keep-Alive: timeout=" to keep it: then until a second before that.
  Duration idle_max = std::chrono::seconds(4);
  // From the name's addresses to a connection that can be used.
  Duration connect_max = std::chrono::seconds(20);
};
// Beside kCancelled for "sent, and no answer in time" there is kUnavailable for "not sent in time":
// such a request is nowhere.
std::unique_ptr<HttpSender> make_http_sender(HttpSenderOptions options);

}  // namespace dualtrace
