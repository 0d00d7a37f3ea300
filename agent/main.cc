// SPDX-License-Identifier: Apache-2.0
// dualtrace-agent --config FILE [--check], prepare-folder, clean-node: see README.md and
// docs/configuration.md.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "agent/app/agent.h"
#include "agent/app/clean_node.h"
#include "agent/app/config_file.h"
#include "agent/app/prepare_folder.h"
#include "common/config/value.h"
#include "common/io/posix_file_system.h"
#include "common/log/log.h"
#include "common/process/memory.h"
#include "common/process/process.h"
#include "common/time/thread_scheduler.h"
#include "common/version/version.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitBadInput = 2;

int complain(const std::string& what, int code) {
  std::fprintf(stderr, "%s\n", what.c_str());
  return code;
}

int prepare(const std::string& folder, const std::string& owner_text) {
  const auto owner = dualtrace::agent::parse_owner(owner_text);
  if (!owner) return complain("--owner: " + owner.error().message, kExitBadInput);
  const dualtrace::Status prepared = dualtrace::agent::prepare_folder(folder, *owner);
  return prepared ? 0 : complain(prepared.error().message, kExitFailed);
}

struct Cleaning {
  dualtrace::agent::CleanNodeOptions options;
  std::string every;
};

int clean_once(dualtrace::agent::CleanNode& node) {
  const dualtrace::Status cleaned = node.clean();
  return cleaned ? 0 : complain(cleaned.error().message, kExitFailed);
}

int clean(Cleaning cleaning) {
  dualtrace::PosixFileSystem files;
  dualtrace::SystemClock clock;
  const auto say = [](const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
  };
  cleaning.options.again_and_again = !cleaning.every.empty();
  dualtrace::agent::CleanNode node(cleaning.options, files, clock, say);
  if (cleaning.every.empty()) return clean_once(node);
  const auto every = dualtrace::parse_duration(cleaning.every);
  if (!every) return complain("--every: " + every.error().message, kExitBadInput);
  dualtrace::prepare_process();
  dualtrace::ThreadScheduler scheduler("dt-clean", clock);
  const std::function<void()> pass = [&] {
    clean_once(node);
    scheduler.run_after(*every, pass);
  };
  scheduler.post(pass);
  dualtrace::wait_for_stop_signal();
  scheduler.stop();
  return 0;
}

int run(const std::string& config_path, bool check_only) {
  dualtrace::PosixFileSystem files;
  const dualtrace::agent::ConfigFile config_file(config_path, files);
  const auto config = config_file.load();
  if (!config) return complain(config.error().message, kExitBadInput);
  if (check_only) {
    std::puts("the configuration is valid");
    return 0;
  }
  dualtrace::keep_freed_memory();
  dualtrace::prepare_process();
  auto agent =
      dualtrace::agent::Agent::start(*config, config_file, std::string(dualtrace::version()));
  if (!agent) {
    dualtrace::log_error("the agent cannot start", {{"error", agent.error().message}});
    return kExitFailed;
  }
  dualtrace::log_info("stopping", {{"signal", dualtrace::wait_for_stop_signal()}});
  (*agent)->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string config_path;
  bool check_only = false;
  std::string folder;
  std::string owner;
  CLI::App options{
      "Receives OTLP spans, stores them on disk, and delivers them to Arize and Databricks."};
  options.set_version_flag("--version", dualtrace::version_line("dualtrace-agent"));
  options.add_option("--config", config_path, "Configuration file (YAML)");
  options.add_flag("--check", check_only, "Check the configuration and exit");
  auto* preparing = options.add_subcommand(
      "prepare-folder",
      "Change the owner of delivery.folder to the user the agent runs as, and exit");
  preparing->add_option("--folder", folder, "The folder to prepare")->required();
  preparing->add_option("--owner", owner, "The new owner, as UID:GID")->required();
  Cleaning cleaning;
  auto* cleaning_up = options.add_subcommand(
      "clean-node",
      "Remove the journals and dead letters that agents have left on a node, and exit");
  cleaning_up
      ->add_option("--folder", cleaning.options.folder,
                   "The folder on the node that holds the journals")
      ->required();
  auto* expired = cleaning_up->add_flag("--expired", cleaning.options.expired_only,
                                        "Remove only data that is older than its export's maxAge, "
                                        "of exports without an agent on this node");
  cleaning_up
      ->add_option("--every", cleaning.every,
                   "With --expired: repeat at this interval, for example 1h")
      ->needs(expired);
  cleaning_up
      ->add_flag("--force", cleaning.options.force,
                 "Remove data of running agents too; they lose their undelivered spans")
      ->excludes(expired);
  cleaning_up->add_flag("--dry-run", cleaning.options.dry_run, "Only print what would be removed");
  CLI11_PARSE(options, argc, argv);
  if (cleaning_up->parsed()) return clean(std::move(cleaning));
  if (preparing->parsed()) return prepare(folder, owner);
  if (config_path.empty()) return options.exit(CLI::RequiredError("--config"));
  return run(config_path, check_only);
}
