// SPDX-License-Identifier: Apache-2.0
#pragma once
// How an HttpSender processes a complete answer. Private to common_http_client.
// Pure. Thread-safe.

#include <optional>
#include <string_view>

#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace {

// The timeout in "timeout=5, max=100", minus a second for the network; at most a minute. None if
// missing.
[[nodiscard]] std::optional<Duration> keep_alive_timeout(std::string_view header);
// Inflates a body that was sent as gzip although we do not accept it. If the result is longer than
// `bytes_max`, the answer is marked as cut and has no body; a body that is not gzip stays as it is.
void unpack(HttpResponse& response, size_t bytes_max);

}  // namespace dualtrace
