// SPDX-License-Identifier: Apache-2.0
#pragma once
// Pods that are never injected, whatever their namespace requests. The webhook leaves them alone
// and the census (operator/census) does not count them. Pure.

#include "common/json/json.h"

namespace dualtrace::ctl {

// A mirror pod (of a static pod), or one of our agents.
[[nodiscard]] bool is_untouchable(const Json& pod);

}  // namespace dualtrace::ctl
