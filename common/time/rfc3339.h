// SPDX-License-Identifier: Apache-2.0
#pragma once
// Wall time in RFC 3339, as people and JSON use it. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.h"

namespace dualtrace {

// In UTC, to the second.
[[nodiscard]] std::string rfc3339(WallTime when);
// To the microsecond, all six digits: what Kubernetes calls a MicroTime.
[[nodiscard]] std::string rfc3339_micros(WallTime when);
// Accepts the years 1950 to 2200, any offset and any fraction of a second (digits beyond
// nanoseconds are dropped); nullopt if the text is anything else. The difference of two such times
// is always a Duration.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace dualtrace
