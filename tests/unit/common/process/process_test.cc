// SPDX-License-Identifier: Apache-2.0
#include "common/process/process.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>

namespace dualtrace {
namespace {

// In a process of its own, because the limit cannot be raised again.
void exit_with_success_if_nothing_leaks() {
  prepare_process();
  rlimit core{};
  const bool no_core = ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 1 &&
                       core.rlim_max == 1 && ::prctl(PR_GET_DUMPABLE) == 0;
  const bool own_files = ::umask(0) == 077;
  std::_Exit(no_core && own_files ? EXIT_SUCCESS : EXIT_FAILURE);
}

TEST(Process, LeavesNoCoreAndNoFileForOthers) {
  EXPECT_EXIT(exit_with_success_if_nothing_leaks(), testing::ExitedWithCode(EXIT_SUCCESS), "");
}

}  // namespace
}  // namespace dualtrace
