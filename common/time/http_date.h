// SPDX-License-Identifier: Apache-2.0
#pragma once
// http_date: a time in the format of HTTP's Date field (RFC 9110, 5.6.7). Formatted once per second
// and thread, since every answer carries one. Thread-safe.

#include <string_view>

#include "common/time/clock.h"

namespace dualtrace {

// "Sun, 06 Nov 1994 08:49:37 GMT". Valid until the thread's next call.
[[nodiscard]] std::string_view http_date(WallTime when);

}  // namespace dualtrace
