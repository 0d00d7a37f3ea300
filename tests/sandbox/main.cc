// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>

#include "common/log/log.h"
#include "tests/sandbox/sandbox.h"

int main(int argc, char** argv) {
  using namespace dualtrace;

  // Block the signals before the first thread starts, so that only sigwait() receives them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  const auto options = sandbox::parse_options(argc, argv);
  if (!options) {
    const bool help = options.error().kind == ErrorKind::kCancelled;
    std::fprintf(help ? stdout : stderr, "%s\n", options.error().message.c_str());
    return help ? 0 : 2;
  }
  auto running = sandbox::Sandbox::start(*options);
  if (!running) {
    log_error("cannot start", {{"error", running.error().message}});
    return 1;
  }
  log_info("sandbox listens", {{"arize_grpc", (*running)->ports().arize_grpc},
                               {"arize_http", (*running)->ports().arize_http},
                               {"databricks", (*running)->ports().databricks},
                               {"zerobus", (*running)->ports().zerobus},
                               {"admin", (*running)->admin_port()}});
  int signal = 0;
  sigwait(&stop_signals, &signal);
  log_info("sandbox stops", {{"signal", signal}});
  return 0;
}
