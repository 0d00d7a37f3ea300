// dualtrace-agent --config FILE [--check]: see README.md and docs/configuration.md.

#include <CLI/CLI.hpp>
#include <cstdio>

#include "agent/app/agent.h"
#include "agent/app/config_file.h"
#include "agent/app/process.h"
#include "common/io/posix_file_system.h"
#include "common/log/log.h"

namespace {

constexpr int kExitBadConfig = 2;

}  // namespace

int main(int argc, char** argv) {
  std::string config_path;
  bool check_only = false;
  CLI::App options{
      "Takes OTLP spans in, keeps them on disk, delivers them to Arize and Databricks."};
  options.set_version_flag("--version", DUALTRACE_VERSION);
  options.add_option("--config", config_path, "The configuration, a YAML file")->required();
  options.add_flag("--check", check_only, "Check the configuration and exit");
  CLI11_PARSE(options, argc, argv);

  dualtrace::PosixFileSystem files;
  const dualtrace::agent::ConfigFile config_file(config_path, files);
  const auto config = config_file.load();
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return kExitBadConfig;
  }
  if (check_only) {
    std::puts("the configuration is valid");
    return 0;
  }
  dualtrace::agent::prepare_process();
  auto agent = dualtrace::agent::Agent::start(*config, config_file, DUALTRACE_VERSION);
  if (!agent) {
    dualtrace::log_error("the agent cannot start", {{"error", agent.error().message}});
    return 1;
  }
  dualtrace::log_info("stopping", {{"signal", dualtrace::agent::wait_for_stop_signal()}});
  (*agent)->stop();
  return 0;
}
