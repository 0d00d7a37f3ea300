// SPDX-License-Identifier: Apache-2.0
/* Preloaded into a program, this shifts its wall clock by DUALTRACE_TEST_CLOCK_OFFSET seconds.
   Clocks that only measure durations stay unchanged. It calls the kernel directly, because looking
   up libc's own functions from here can deadlock with the sanitizers. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset(void) {
  const char* text = getenv("DUALTRACE_TEST_CLOCK_OFFSET");
  return text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const long failed = syscall(SYS_clock_gettime, clock, now);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += offset();
  }
  return (int)failed;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  const long failed = syscall(SYS_gettimeofday, now, zone);
  if (failed == 0) now->tv_sec += offset();
  return (int)failed;
}

time_t time(time_t* place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place) *place = now.tv_sec;
  return now.tv_sec;
}
