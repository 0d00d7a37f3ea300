// SPDX-License-Identifier: Apache-2.0
#pragma once
// The target of an HTTP/1.1 request. Pure. Thread-safe.

#include <string_view>

namespace dualtrace {

// Returns path and query. A client that uses the server as a proxy (`curl -x`) sends the absolute
// form, which every server must accept (RFC 9112, 3.2.2). Any other form is returned unchanged.
[[nodiscard]] std::string_view origin_form(std::string_view target);

}  // namespace dualtrace
