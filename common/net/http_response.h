// SPDX-License-Identifier: Apache-2.0
#pragma once
// HttpResponse: the answer of an HTTP server, read up to a limit. HttpSender and HttpClient return
// it.
// Immutable.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dualtrace {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 0;
  HttpHeaders headers{};  // names in lower case
  std::string body{};     // at most Options::response_bytes_max bytes; the rest is dropped
  bool cut = false;       // the rest was dropped
  // What the request carried and no message about the answer may repeat: the sender adds the
  // proxy's password, its caller the credential.
  std::vector<std::string> secrets{};

  // The first header of that lower-case name, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace dualtrace
