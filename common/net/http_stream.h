// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpStream: an answer that is read as it arrives, for as long as it lasts. HttpClient::open()
// makes it; a watch of the Kubernetes API is one. Thread-safe, as HttpClient.

#include <functional>
#include <string_view>

#include "common/error/result.h"
#include "common/net/http_response.h"

namespace dualtrace {

// Called one at a time, on a thread of the client, never from within open(); must not block.
struct HttpStreamReader {
  // Called once with the status and the headers, whatever the status.
  std::function<void(HttpResponse)> head;
  // Parts of the body, in order.
  std::function<void(std::string_view)> piece;
  // Called exactly once, last, unless the HttpStream was destroyed first. Errors are those of
  // HttpClient.
  std::function<void(Status)> ended;
};

// Destroying it cancels the exchange. No callback starts afterwards, and the destructor waits for
// one that runs on another thread. It may be destroyed from within a callback, and may outlive the
// client.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
};

}  // namespace dualtrace
