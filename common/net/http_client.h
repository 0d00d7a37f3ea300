// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpClient: an HttpSender that also reads streams and accepts new TLS material. Used by the
// Kubernetes client. CppRestHttpClient is the real one; cpprestsdk is used only in the .cc files of
// this folder. The lanes' exporters do not use it: all its clients share one thread and one
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
    // A connection that sends nothing, or accepts nothing, for this long is closed; at most half an
    // hour. A stream may be silent for this long.
    Duration silence_max = std::chrono::minutes(2);
  };

  // In addition to HttpSender's contract: every `ended` has also been called when the destructor
  // returns.
  ~HttpClient() override = default;
  // Does not block. `head_timeout` limits the time until the headers; the body has no limit.
  virtual std::unique_ptr<HttpStream> open(HttpRequest request, Duration head_timeout,
                                           HttpStreamReader reader) = 0;
  // Later requests use new connections, made with this material. Requests in flight are not
  // affected.
  virtual void renew(TlsClientOptions tls) = 0;
};

std::unique_ptr<HttpClient> make_http_client(HttpClient::Options options);

}  // namespace dualtrace
