// dualtrace-agent --config FILE [--check]: see README.md and docs/configuration.md.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "agent/app/agent.h"
#include "agent/app/memory.h"
#include "common/config/agent_config.h"
#include "common/io/posix_file_system.h"
#include "common/log/log.h"
#include "common/process/process.h"

namespace {

constexpr int kExitBadConfig = 2;
constexpr size_t kConfigBytesMax = 1024 * 1024;

std::optional<dualtrace::AgentConfig> read_config(const std::string& path) {
  dualtrace::PosixFileSystem files;
  const dualtrace::Result<std::string> yaml = dualtrace::read_file(files, path, kConfigBytesMax);
  if (!yaml) {
    std::fprintf(stderr, "%s\n", yaml.error().message.c_str());
    return std::nullopt;
  }
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  dualtrace::ConfigOrFaults parsed = dualtrace::parse_agent_config(*yaml, folder);
  if (!parsed.config) {
    std::fprintf(stderr, "%s:\n%s", path.c_str(), dualtrace::to_string(parsed.faults).c_str());
  }
  return std::move(parsed.config);
}

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

  const std::optional<dualtrace::AgentConfig> config = read_config(config_path);
  if (!config) return kExitBadConfig;
  if (check_only) {
    std::puts("the configuration is valid");
    return 0;
  }
  dualtrace::agent::keep_freed_memory();
  dualtrace::prepare_process();
  auto agent = dualtrace::agent::Agent::start(*config, DUALTRACE_VERSION);
  if (!agent) {
    dualtrace::log_error("the agent cannot start", {{"error", agent.error().message}});
    return 1;
  }
  dualtrace::log_info("stopping", {{"signal", dualtrace::wait_for_stop_signal()}});
  (*agent)->stop();
  return 0;
}
