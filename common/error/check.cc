// SPDX-License-Identifier: Apache-2.0
#include "common/error/check.h"

#include <cstdio>
#include <cstdlib>

namespace dualtrace {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant violated: %s\n", file, line, condition);
  std::abort();
}

}  // namespace dualtrace
