// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads times from HTTP answers: how long to wait before the next attempt, and the time on the
// server's clock. Nothing read here is trusted: delays are clamped.
// Pure. Thread-safe.

#include <optional>
#include <string_view>

#include "common/time/clock.h"

namespace dualtrace {

// The delay in a Retry-After header, at most an hour; none if it is missing or invalid. `now` is
// used for a date.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view header, WallTime now);
// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view header);

}  // namespace dualtrace
