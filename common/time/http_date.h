// SPDX-License-Identifier: Apache-2.0
#pragma once
// http_date: a moment as the Date field of HTTP wants it (RFC 9110, 5.6.7). Written once a second
// for each thread: every answer carries one. Thread-safe.

#include <string_view>

#include "common/time/clock.h"

namespace dualtrace {

// "Sun, 06 Nov 1994 08:49:37 GMT". Valid until the thread's next call.
[[nodiscard]] std::string_view http_date(WallTime when);

}  // namespace dualtrace
