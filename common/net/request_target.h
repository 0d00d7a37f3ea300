// SPDX-License-Identifier: Apache-2.0
#pragma once
// The target of an HTTP/1.1 request. Pure. Thread-safe.

#include <string_view>

namespace dualtrace {

// Path and query. A client that takes the server for a proxy (`curl -x`) writes the absolute form,
// which every server has to accept (RFC 9112, 3.2.2); what is neither form comes back as it is.
[[nodiscard]] std::string_view origin_form(std::string_view target);

}  // namespace dualtrace
