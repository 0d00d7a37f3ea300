// SPDX-License-Identifier: Apache-2.0
#pragma once
// Pods as nobody would write them but somebody may: several containers of every kind, variables
// that are ours already, from sources and twice, envFrom, odd names, labels and texts. Every pod is
// one that the API server could send. Used from one thread.

#include "common/json/json.h"
#include "common/random/random.h"

namespace dualtrace::ctl {

[[nodiscard]] Json random_pod(Random& random);

}  // namespace dualtrace::ctl
