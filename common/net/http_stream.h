// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpStream: an answer that is read as it comes, for as long as it takes. HttpClient::open() makes
// it; a watch of the Kubernetes API is one.
// Thread rules as those of HttpClient.

#include <functional>
#include <string_view>

#include "common/error/result.h"
#include "common/net/http_response.h"

namespace dualtrace {

// Called one at a time, from a thread of the client's, never from within open(); must not block.
struct HttpStreamReader {
  // The status and the headers, once. Any status.
  std::function<void(HttpResponse)> head;
  // Of the body, in order.
  std::function<void(std::string_view)> piece;
  // Exactly once, and last, unless the HttpStream was destroyed first. Errors as HttpClient's.
  std::function<void(Status)> ended;
};

// Destroying it cancels the exchange. No callback begins afterwards, and one that runs on another
// thread is waited for; it may be destroyed from within a callback, and outlive the client.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
};

}  // namespace dualtrace
