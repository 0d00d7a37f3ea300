#pragma once
// HttpClient: HTTP/1.1 requests to one origin, answered by callback. The lanes' HTTP exporters and
// the Kubernetes client stand on it; CppRestHttpClient is the real one, all of cpprestsdk is inside
// the .cc files of this folder. Follows no redirect, retries nothing, reads a bounded part of the
// answer.
// Thread-safe.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/bytes/shared_bytes.h"
#include "common/error/result.h"
#include "common/net/http_response.h"
#include "common/net/http_stream.h"
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

class HttpClient {
 public:
  struct Options {
    Url origin;  // its path is ignored
    TlsClientOptions tls{};
    std::optional<Url> proxy{};
    size_t response_bytes_max = 64 * 1024;
    // A connection from which nothing comes for so long, or that takes nothing, is broken off;
    // at most half an hour. A stream may be silent for this long.
    Duration silence_max = std::chrono::minutes(2);
  };
  // An HTTP status of any kind is a response; an Error means that there was none: kUnavailable
  // (refused, reset, name, TLS), kCancelled (the timeout passed, or the client was destroyed) or
  // kInvalid (a header with a line break in it). Its message names the host and the cause.
  using Done = std::function<void(Result<HttpResponse>)>;

  // Cancels what is in flight; every `done` and `ended` has been called when the destructor
  // returns. Not to be run from within one.
  virtual ~HttpClient() = default;
  // Does not block. `done` is called exactly once, from a thread of the client's, never from within
  // send(), and must not block. `timeout` covers the whole exchange, connecting included.
  virtual void send(HttpRequest request, Duration timeout, Done done) = 0;
  // Does not block. `head_timeout` is how long the headers may take; the body takes what it takes.
  virtual std::unique_ptr<HttpStream> open(HttpRequest request, Duration head_timeout,
                                           HttpStreamReader reader) = 0;
  // From now on every request goes over a new connection, made with this material. What is in
  // flight ends undisturbed.
  virtual void renew(TlsClientOptions tls) = 0;
};

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options);

}  // namespace dualtrace
