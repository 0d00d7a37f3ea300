// SPDX-License-Identifier: Apache-2.0
#pragma once
// Unlikely but valid pods: several containers of every kind, variables with our names (literal,
// from sources and duplicated), envFrom, odd names, labels and texts. The API server could send
// each of them. Used from one thread.

#include "common/json/json.h"
#include "common/random/random.h"

namespace dualtrace::ctl {

[[nodiscard]] Json random_pod(Random& random);

}  // namespace dualtrace::ctl
