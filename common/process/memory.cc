// SPDX-License-Identifier: Apache-2.0
#include "common/process/memory.h"

#include <malloc.h>

namespace dualtrace {

void share_arenas() {
  constexpr int kArenasMax = 2;
  ::mallopt(M_ARENA_MAX, kArenasMax);
}

// By default, the allocator returns each large block to the kernel, which then has to clear every
// page again. That took half of a lane's time.
void keep_freed_memory() {
  constexpr int kLargestKept = 32 * 1024 * 1024;
  constexpr int kKeptAtTheTop = 32 * 1024 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kLargestKept);
  ::mallopt(M_TRIM_THRESHOLD, kKeptAtTheTop);
  share_arenas();
}

void give_back_freed_memory(size_t kept) {
  if (::mallinfo2().fordblks > kept) ::malloc_trim(0);
}

}  // namespace dualtrace
