// SPDX-License-Identifier: Apache-2.0
#include "operator/app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>

#include "common/config/value.h"
#include "operator/app/permission_options.h"
#include "operator/webhook/cluster_dns.h"

namespace dualtrace::ctl {
namespace {

constexpr ExitCode kBadOptions = 2;
constexpr size_t kWorkersMax = 64;

// Takes the text of an option; returns what is wrong with it, or "".
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
    if (*parsed <= Duration(0)) return "expected a positive duration";
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

bool is_label(std::string_view text) {
  constexpr size_t kBytesMax = 63;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kBytesMax && alphanumeric(text.front()) &&
         alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

std::string check_namespace(const std::string& text) {
  return is_label(text) ? std::string() : "expected the name of a namespace";
}

Take into_object_name(std::string& value) {
  return [&value](const std::string& text) -> std::string {
    constexpr size_t kBytesMax = 253;
    bool valid = text.size() <= kBytesMax;
    for (size_t begin = 0; valid && begin <= text.size();) {
      const size_t dot = std::min(text.find('.', begin), text.size());
      valid = is_label(std::string_view(text).substr(begin, dot - begin));
      begin = dot + 1;
    }
    if (!valid) return "expected the name of an object";
    value = text;
    return {};
  };
}

Take into_cluster_domain(std::string& value) {
  return [&value](const std::string& text) -> std::string {
    if (!is_cluster_domain(text)) return "expected a domain, such as cluster.local";
    value = text;
    return {};
  };
}

Take into(AgentDefaults& value) {
  return [&value](const std::string& text) -> std::string {
    auto defaults = AgentDefaults::parse(text);
    if (!defaults) return defaults.error().message;
    value = *std::move(defaults);
    return {};
  };
}

Take into(kube::ObjectKey& value) {
  return [&value](const std::string& text) -> std::string {
    const size_t slash = std::min(text.find('/'), text.size());
    const std::string name = slash < text.size() ? text.substr(slash + 1) : std::string();
    if (!is_label(text.substr(0, slash)) || !is_label(name)) return "expected NAMESPACE/NAME";
    value = {text.substr(0, slash), name};
    return {};
  };
}

void add_watching(CLI::App& line, Options& options) {
  line.add_option(
      "--kubeconfig", options.kubeconfig,
      "The kubeconfig of the cluster; default: $KUBECONFIG, else the pod's own account, "
      "else ~/.kube/config");
  line.add_option("--context", options.context, "The context of the kubeconfig to use");
  line.add_option("--watch-namespaces", options.watch_namespaces,
                  "Serve only these namespaces, separated by commas; default: all")
      ->type_name("NAMESPACE,…")
      ->delimiter(',')
      ->check(CLI::Validator([](std::string& text) { return check_namespace(text); }, ""));
  add(line, "--export-class", "NAME",
      "Serve only exports with this spec.className; default: those without one",
      into_object_name(options.scope.class_name));
  line.add_option("--exclude-namespaces", options.scope.excluded_namespaces,
                  "Serve no export in these namespaces, separated by commas; default: none")
      ->type_name("NAMESPACE,…")
      ->delimiter(',')
      ->check(CLI::Validator([](std::string& text) { return check_namespace(text); }, ""));
  line.add_option("--shared-namespaces", options.shared_namespaces,
                  "The namespaces whose exports \"true\" refers to on pods of other namespaces, "
                  "separated by commas; default: none")
      ->type_name("NAMESPACE,…")
      ->delimiter(',')
      ->check(CLI::Validator([](std::string& text) { return check_namespace(text); }, ""));
  line.add_flag(
      "--consent-as-before", options.consent_as_before,
      "Exports created before the consent rules keep working as they did (default: true)");
  line.add_option("--agent-image", options.agent_image,
                  "The agent image for exports that do not set spec.agent.image")
      ->required()
      ->check(CLI::Validator(
          [](std::string& text) { return text.empty() ? "expected an image" : std::string(); },
          ""));
  add(line, "--agent-defaults", "JSON", "Fields of spec.agent for exports that do not set them",
      into(options.agent_defaults));
  add(line, "--agent-poll-interval", "DURATION", "How often each agent's status is polled",
      into(options.agent_poll_interval));
  line.add_option("--workers", options.workers, "How many exports are reconciled at once")
      ->check(CLI::Range(size_t{1}, kWorkersMax))
      ->capture_default_str();
  add(line, "--resync", "DURATION", "How often an unchanged export is reconciled",
      into(options.resync));
  add(line, "--sync-timeout", "DURATION", "How long the initial lists may take",
      into(options.sync_timeout));
}

void add_election(CLI::App& line, Options& options) {
  line.add_flag(
      "--leader-elect", options.leader_elect,
      "Work only while holding the Lease, so that several replicas can run (default: true)");
  line.add_option("--leader-election-namespace", options.leader_election_namespace,
                  "The namespace of the Lease; default: the pod's own");
  line.add_option("--lease-name", options.lease_name, "The name of the Lease")
      ->capture_default_str();
  add(line, "--lease-duration", "DURATION", "How long after its last renewal the lease expires",
      into(options.lease_duration));
  add(line, "--renew-deadline", "DURATION",
      "How long a leader may go without renewing before it exits", into(options.renew_deadline));
  add(line, "--retry-period", "DURATION",
      "How often the leader renews and others try to acquire the lease",
      into(options.retry_period));
}

void add_webhook(CLI::App& line, WebhookOptions& options, std::string& cluster_domain) {
  add(line, "--webhook-service", "NAMESPACE/NAME",
      "Serve the webhook under this Service's names, with certificates that the operator makes",
      into(options.service));
  line.add_option("--webhook-certificate-folder", options.certificate_folder,
                  "Serve the webhook with tls.crt and tls.key from this folder, instead of making "
                  "certificates")
      ->type_name("PATH")
      ->check(CLI::Validator(
          [](std::string& text) { return text.empty() ? "expected a folder" : std::string(); },
          ""));
  add(line, "--webhook-listen", "HOST:PORT", "The webhook's listen address (default: [::]:9443)",
      into(options.listen));
  add(line, "--webhook-configuration", "NAME",
      "The MutatingWebhookConfiguration and ValidatingWebhookConfiguration that must trust the "
      "webhook",
      into_object_name(options.configuration));
  add(line, "--webhook-authority-secret", "NAME",
      "The Secret, in the Service's namespace, that holds the webhook's certificate authority",
      into_object_name(options.authority_secret));
  add(line, "--cluster-domain", "DOMAIN",
      "The domain suffix of Service names; default: from the pod's /etc/resolv.conf",
      into_cluster_domain(cluster_domain));
  add(line, "--webhook-authority-life", "DURATION", "How long a certificate authority is valid",
      into(options.authority_life));
  add(line, "--webhook-certificate-life", "DURATION", "How long a certificate is valid",
      into(options.certificate_life));
}

void add_running(CLI::App& line, Options& options) {
  add(line, "--listen", "HOST:PORT",
      "The address of /metrics, /livez and /readyz (default: [::]:8080)", into(options.listen));
  add(line, "--shutdown-grace", "DURATION", "How long work in progress may take after SIGTERM",
      into(options.shutdown_grace));
  add(line, "--log-level", "LEVEL", "debug, info, warn or error", into(options.log_level));
}

// X.509 has whole seconds; a certificate is renewed after two thirds of its life.
std::string check_webhook(const WebhookOptions& options) {
  constexpr Duration kCertificateLifeMin = std::chrono::seconds(10);
  constexpr int kLeavesMin = 4;
  if (!options.service.name.empty() && !options.certificate_folder.empty()) {
    return "expected one of --webhook-service (certificates that the operator makes) and "
           "--webhook-certificate-folder (certificates from elsewhere), not both";
  }
  if (options.certificate_life < kCertificateLifeMin) {
    return "--webhook-certificate-life: expected at least 10s";
  }
  if (options.authority_life < kLeavesMin * options.certificate_life) {
    return "expected --webhook-authority-life >= 4 * --webhook-certificate-life";
  }
  return {};
}

// The operator does not know the exports of namespaces that it does not watch.
std::string check_shared(const Options& options) {
  const auto& watched = options.watch_namespaces;
  if (watched.empty()) return {};
  for (const std::string& shared : options.shared_namespaces) {
    if (std::find(watched.begin(), watched.end(), shared) == watched.end()) {
      return "--shared-namespaces: " + shared + " is not one of --watch-namespaces";
    }
  }
  return {};
}

// Checks that involve several options.
std::string check_together(Options& options, const Environment& environment) {
  if (std::string fault = check_shared(options); !fault.empty()) return fault;
  if (std::string fault = check_webhook(options.webhook); !fault.empty()) return fault;
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
                                              const std::string& version_line) {
  CLI::App line{"Runs agents on a cluster's nodes for each DualTraceExport."};
  line.set_version_flag("--version", version_line);
  line.footer(
      "`dualtrace-operator verify-install` checks whether an installation works: see its --help.");
  Options options;
  add_watching(line, options);
  add_permissions(line, options.permissions);
  add_election(line, options);
  add_webhook(line, options.webhook, options.cluster_domain);
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
