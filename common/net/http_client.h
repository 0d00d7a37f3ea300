// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpClient: an HttpSender that also reads streams and takes new TLS material. The Kubernetes
// client stands on it; CppRestHttpClient is the real one, all of cpprestsdk is inside the .cc files
// of this folder. The lanes' exporters do not use it: its clients share one thread and one
// resolver (docs/decisions/0023).
// Thread-safe.

#include <memory>
#include <optional>

#include "common/net/http_sender.h"
#include "common/net/http_stream.h"
#include "common/net/tls.h"
#include "common/net/url.h"

namespace dualtrace {

class HttpClient : public HttpSender {
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

  // Besides what HttpSender says: `ended` has been called, too, when the destructor returns.
  ~HttpClient() override = default;
  // Does not block. `head_timeout` is how long the headers may take; the body takes what it takes.
  virtual std::unique_ptr<HttpStream> open(HttpRequest request, Duration head_timeout,
                                           HttpStreamReader reader) = 0;
  // From now on every request goes over a new connection, made with this material. What is in
  // flight ends undisturbed.
  virtual void renew(TlsClientOptions tls) = 0;
};

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options);

}  // namespace dualtrace
