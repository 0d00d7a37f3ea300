// SPDX-License-Identifier: Apache-2.0
#include "common/process/process.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>

namespace dualtrace {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void prepare_process() {
  ::umask(077);
  // core(5): 0 does not stop a core that core_pattern pipes to a program, as systemd-coredump and
  // apport have it. The kernel drops such a core at the limit 1 (coredump_pipe() in fs/coredump.c),
  // and a core of one byte is too small to be written to a file.
  const rlimit no_core{1, 1};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // No limit applies to a core that is sent to a socket (Linux 6.16). A process that is not
  // dumpable has no core of any kind, and other processes of its user can read neither its memory
  // nor its environment (PR_SET_DUMPABLE(2const), proc(5)).
  ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

const char* wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  return sigabbrev_np(signal);
}

}  // namespace dualtrace
