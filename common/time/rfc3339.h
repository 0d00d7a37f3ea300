#pragma once
// A wall time as people and JSON readers write it: RFC 3339 in UTC, to the second. Pure.

#include <string>

#include "common/time/clock.h"

namespace dualtrace {

[[nodiscard]] std::string rfc3339(WallTime when);

}  // namespace dualtrace
