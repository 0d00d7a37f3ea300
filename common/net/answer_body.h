// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an HttpSender makes of an answer once it is whole. Private to common_http_client.
// Pure. Thread-safe.

#include <optional>
#include <string_view>

#include "common/net/http_response.h"
#include "common/time/clock.h"

namespace dualtrace {

// Of "timeout=5, max=100", less a second for the way; not above a minute. None where there is none.
[[nodiscard]] std::optional<Duration> keep_alive_timeout(std::string_view header);
// Inflates a body that came as gzip, though we ask for none. One that is longer than `bytes_max`
// then is marked as cut and has no body; one that is no gzip stays as it is.
void unpack(HttpResponse& response, size_t bytes_max);

}  // namespace dualtrace
