#include "agent/app/memory.h"

#include <malloc.h>

#include <cstddef>

namespace dualtrace::agent {

// Bodies and batches come and go by the megabyte. The allocator's defaults hand each back to the
// kernel, which then clears every page anew: half of a lane's time. Few arenas, since each keeps
// what its threads freed.
void keep_freed_memory() {
  constexpr int kLargestKept = 32 * 1024 * 1024;
  constexpr int kKeptAtTheTop = 32 * 1024 * 1024;
  constexpr int kArenasMax = 2;
  ::mallopt(M_MMAP_THRESHOLD, kLargestKept);
  ::mallopt(M_TRIM_THRESHOLD, kKeptAtTheTop);
  ::mallopt(M_ARENA_MAX, kArenasMax);
}

void give_back_freed_memory() {
  constexpr size_t kKept = 48 * 1024 * 1024;
  if (::mallinfo2().fordblks > kKept) ::malloc_trim(0);
}

}  // namespace dualtrace::agent
