#include "agent/app/process.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>

namespace dualtrace::agent {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

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

}  // namespace

void prepare_process() {
  keep_freed_memory();
  ::umask(077);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void give_back_freed_memory() {
  constexpr size_t kKept = 48 * 1024 * 1024;
  if (::mallinfo2().fordblks > kKept) ::malloc_trim(0);
}

const char* wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  return sigabbrev_np(signal);
}

}  // namespace dualtrace::agent
