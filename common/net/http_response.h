// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an HTTP server answered.
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
  std::string body{};     // at most Options::response_bytes_max bytes; the rest is not kept
  bool cut = false;       // there was a rest

  // The first header of that lower-case name, or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace dualtrace
