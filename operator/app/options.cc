#include "operator/app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "common/config/value.h"

namespace dualtrace::ctl {
namespace {

constexpr ExitCode kBadOptions = 2;
constexpr size_t kWorkersMax = 64;

// Takes the text of an option; says what is wrong with it, or "".
using Take = std::function<std::string(const std::string& text)>;

CLI::Option* add(CLI::App& line, const std::string& name, const std::string& type,
                 const std::string& description, Take take) {
  return line.add_option(name, description)
      ->type_name(type)
      ->check(
          CLI::Validator([take = std::move(take)](std::string& text) { return take(text); }, ""));
}

Take into(Duration& value) {
  return [&value](const std::string& text) -> std::string {
    const auto parsed = parse_duration(text);
    if (!parsed) return parsed.error().message;
    if (*parsed <= Duration(0)) return "expected more than nothing";
    value = *parsed;
    return {};
  };
}

Take into(HostPort& value) {
  return [&value](const std::string& text) -> std::string {
    auto parsed = parse_host_port(text, 0);
    if (!parsed) return parsed.error().message;
    value = *std::move(parsed);
    return {};
  };
}

Take into(LogSeverity& value) {
  return [&value](const std::string& text) -> std::string {
    static const std::map<std::string, LogSeverity> kLevels{{"debug", LogSeverity::kDebug},
                                                            {"info", LogSeverity::kInfo},
                                                            {"warn", LogSeverity::kWarn},
                                                            {"error", LogSeverity::kError}};
    const auto found = kLevels.find(text);
    if (found == kLevels.end()) return "expected debug, info, warn or error";
    value = found->second;
    return {};
  };
}

std::string check_namespace(const std::string& text) {
  constexpr size_t kBytesMax = 63;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool valid =
      !text.empty() && text.size() <= kBytesMax && alphanumeric(text.front()) &&
      alphanumeric(text.back()) &&
      std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
  return valid ? std::string() : "expected the name of a namespace";
}

void add_watching(CLI::App& line, Options& options) {
  line.add_option("--kubeconfig", options.kubeconfig,
                  "How to reach the API server; default: $KUBECONFIG, else the pod's own account, "
                  "else ~/.kube/config");
  line.add_option("--context", options.context, "The kubeconfig's context to use");
  line.add_option("--watch-namespaces", options.watch_namespaces,
                  "Serve only these namespaces, separated by commas; default: all")
      ->type_name("NAMESPACE,…")
      ->delimiter(',')
      ->check(CLI::Validator([](std::string& text) { return check_namespace(text); }, ""));
  line.add_option("--agent-image", options.agent_image,
                  "The agents' image, for exports that name none themselves")
      ->required()
      ->check(CLI::Validator(
          [](std::string& text) { return text.empty() ? "expected an image" : std::string(); },
          ""));
  add(line, "--agent-poll-interval", "DURATION", "How often each agent is asked for its status",
      into(options.agent_poll_interval));
  line.add_option("--workers", options.workers, "Exports that are reconciled at once")
      ->check(CLI::Range(size_t{1}, kWorkersMax))
      ->capture_default_str();
  add(line, "--resync", "DURATION", "How often an export is looked at though nothing changed",
      into(options.resync));
  add(line, "--sync-timeout", "DURATION", "How long the first lists may take",
      into(options.sync_timeout));
}

void add_election(CLI::App& line, Options& options) {
  line.add_flag("--leader-elect", options.leader_elect,
                "Work only while holding the Lease, so that several may run (default: true)");
  line.add_option("--leader-election-namespace", options.leader_election_namespace,
                  "Where the Lease is; default: the pod's own namespace");
  line.add_option("--lease-name", options.lease_name, "The Lease")->capture_default_str();
  add(line, "--lease-duration", "DURATION", "How long others believe a leader that says nothing",
      into(options.lease_duration));
  add(line, "--renew-deadline", "DURATION", "After how long without renewing a leader gives up",
      into(options.renew_deadline));
  add(line, "--retry-period", "DURATION", "How often a leader renews and others try",
      into(options.retry_period));
}

void add_running(CLI::App& line, Options& options) {
  add(line, "--listen", "HOST:PORT", "Where /metrics, /livez and /readyz are (default: [::]:8080)",
      into(options.listen));
  add(line, "--shutdown-grace", "DURATION", "How long work in hand may take at SIGTERM",
      into(options.shutdown_grace));
  add(line, "--log-level", "LEVEL", "debug, info, warn or error", into(options.log_level));
}

// What one option alone cannot tell.
std::string check_together(Options& options, const Environment& environment) {
  if (!options.leader_elect) return {};
  if (options.leader_election_namespace.empty()) {
    options.leader_election_namespace = environment.pod_namespace;
  }
  if (options.leader_election_namespace.empty()) {
    return "--leader-election-namespace is required outside of a pod (or --leader-elect=false)";
  }
  if (const std::string fault = check_namespace(options.leader_election_namespace);
      !fault.empty()) {
    return "--leader-election-namespace: " + fault;
  }
  constexpr double kJitter = 1.2;
  if (options.lease_duration <= options.renew_deadline ||
      options.renew_deadline <= options.retry_period * kJitter) {
    return "expected --lease-duration > --renew-deadline > 1.2 * --retry-period";
  }
  return {};
}

}  // namespace

std::variant<Options, ExitCode> parse_options(int argc, const char* const* argv,
                                              const Environment& environment,
                                              const std::string& version) {
  CLI::App line{"Makes each DualTraceExport of a cluster into agents on its nodes."};
  line.set_version_flag("--version", version);
  line.footer(
      "`verify-install` as the first word asks whether an installation works: see its --help.");
  Options options;
  add_watching(line, options);
  add_election(line, options);
  add_running(line, options);
  try {
    line.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.exit(error) == 0 ? 0 : kBadOptions;
  }
  if (const std::string fault = check_together(options, environment); !fault.empty()) {
    std::fputs((fault + "\nRun with --help for more information.\n").c_str(), stderr);
    return kBadOptions;
  }
  return options;
}

}  // namespace dualtrace::ctl
