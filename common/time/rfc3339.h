// SPDX-License-Identifier: Apache-2.0
#pragma once
// A wall time as people and JSON readers write it: RFC 3339. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "common/time/clock.h"

namespace dualtrace {

// In UTC, to the second.
[[nodiscard]] std::string rfc3339(WallTime when);
// To the microsecond, all six digits: what Kubernetes calls a MicroTime.
[[nodiscard]] std::string rfc3339_micros(WallTime when);
// Any offset, any fraction of a second (what is finer than a nanosecond is dropped); nothing when
// the text is something else.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace dualtrace
