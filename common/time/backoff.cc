// SPDX-License-Identifier: Apache-2.0
#include "common/time/backoff.h"

#include <algorithm>

namespace dualtrace {

Duration Backoff::delay(uint32_t attempt, Random& random) const {
  Duration ceiling = base;
  for (uint32_t i = 1; i < attempt && ceiling < max; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, max);
  const Duration floor = std::min(base / 2, ceiling);
  return floor + Duration(static_cast<Duration::rep>(random.below((ceiling - floor).count() + 1)));
}

}  // namespace dualtrace
