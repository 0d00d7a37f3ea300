// SPDX-License-Identifier: Apache-2.0
// dualtrace-operator: see docs/operator.md.

#include <cstdlib>
#include <string>
#include <string_view>

#include "common/log/log.h"
#include "common/process/memory.h"
#include "common/process/process.h"
#include "common/version/version.h"
#include "operator/app/environment.h"
#include "operator/app/operator.h"
#include "operator/app/options.h"
#include "operator/app/verify_install.h"

int main(int argc, char** argv) {
  using dualtrace::ctl::Operator;
  const std::string version(dualtrace::version());
  const dualtrace::ctl::Environment environment = dualtrace::ctl::read_environment();
  if (argc > 1 && std::string_view(argv[1]) == "verify-install") {
    dualtrace::share_arenas();
    dualtrace::prepare_process();
    return dualtrace::ctl::run_verify_install(argc - 1, argv + 1, environment, version);
  }
  auto parsed = dualtrace::ctl::parse_options(argc, argv, environment,
                                              dualtrace::version_line("dualtrace-operator"));
  if (const auto* exit_code = std::get_if<dualtrace::ctl::ExitCode>(&parsed)) return *exit_code;
  dualtrace::prepare_process();
  auto running =
      Operator::start(std::get<dualtrace::ctl::Options>(std::move(parsed)), environment, version);
  if (!running) {
    dualtrace::log_error("the operator cannot start", {{"error", running.error().message}});
    return 1;
  }
  dualtrace::log_info("stopping", {{"signal", dualtrace::wait_for_stop_signal()}});
  if (const dualtrace::Status stopped = (*running)->stop(); !stopped) {
    dualtrace::log_error("work did not end in time", {{"error", stopped.error().message}});
    std::_Exit(1);
  }
  return 0;
}
