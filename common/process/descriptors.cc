// SPDX-License-Identifier: Apache-2.0
#include "common/process/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace dualtrace {
namespace {

// More descriptors are not needed, and with a hard limit of "infinity" some libraries allocate
// tables of that size.
constexpr rlim_t kEnough = 1024 * 1024;

}  // namespace

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min(limit.rlim_max, kEnough));
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  return limit.rlim_cur;
}

}  // namespace dualtrace
