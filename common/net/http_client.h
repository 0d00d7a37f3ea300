#pragma once
// HttpClient: HTTP/1.1 requests to one origin, answered by callback. The lanes' HTTP exporters and
// (later) the Kubernetes client stand on it; CppRestHttpClient is the real one, all of cpprestsdk
// is inside its .cc. Follows no redirect, retries nothing, reads a bounded part of the answer.
// Thread-safe.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/bytes/shared_bytes.h"
#include "common/error/result.h"
#include "common/net/tls.h"
#include "common/net/url.h"
#include "common/time/clock.h"

namespace dualtrace {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "POST";
  std::string path = "/";  // begins with "/", with the query
  HttpHeaders headers{};
  SharedByteChain body{};
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers{};  // names in lower case
  std::string body{};     // at most Options::response_bytes_max bytes; the rest is not kept

  // The first header of that lower-case name, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

class HttpClient {
 public:
  struct Options {
    Url origin;  // its path is ignored
    TlsClientOptions tls{};
    std::optional<Url> proxy{};
    size_t response_bytes_max = 64 * 1024;
  };
  // An HTTP status of any kind is a response; an Error means that there was none: kUnavailable
  // (refused, reset, name, TLS), kCancelled (the timeout passed, or the client was destroyed) or
  // kInvalid (a header with a line break in it). Its message names the host and the cause.
  using Done = std::function<void(Result<HttpResponse>)>;

  // Cancels what is in flight; every `done` has been called when the destructor returns. Not to be
  // run from within a `done`.
  virtual ~HttpClient() = default;
  // Does not block. `done` is called exactly once, from a thread of the client's, never from within
  // send(), and must not block. `timeout` covers the whole exchange, connecting included.
  virtual void send(HttpRequest request, Duration timeout, Done done) = 0;
};

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options);

}  // namespace dualtrace
