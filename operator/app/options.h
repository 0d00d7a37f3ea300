// SPDX-License-Identifier: Apache-2.0
#pragma once
// Options: the command line of dualtrace-operator, parsed and validated. docs/operator.md describes
// each option. Immutable.

#include <string>
#include <variant>
#include <vector>

#include "common/kube/object.h"
#include "common/log/log.h"
#include "common/net/url.h"
#include "common/time/clock.h"
#include "operator/api/agent_defaults.h"
#include "operator/api/permissions.h"
#include "operator/api/scope.h"
#include "operator/app/environment.h"

namespace dualtrace::ctl {

struct WebhookOptions {
  HostPort listen{"::", 9443};
  kube::ObjectKey service{};         // its names are in the certificates that the operator makes
  std::string certificate_folder{};  // tls.crt and tls.key from elsewhere
  std::string configuration = "dualtrace-operator";
  std::string authority_secret = "dualtrace-operator-webhook";
  Duration authority_life = std::chrono::hours(365 * 24);
  Duration certificate_life = std::chrono::hours(7 * 24);

  [[nodiscard]] bool wanted() const { return !service.name.empty() || !certificate_folder.empty(); }
};

struct Options {
  std::string kubeconfig;  // "": $KUBECONFIG, else the pod's own account, else ~/.kube/config
  std::string context;     // of the kubeconfig; "": its current one
  std::vector<std::string> watch_namespaces;  // empty: all
  std::string agent_image;
  AgentDefaults agent_defaults;
  std::vector<std::string> shared_namespaces;  // whose exports "true" means in other namespaces
  bool consent_as_before = true;
  Permissions permissions;
  Scope scope;

  bool leader_elect = true;
  std::string leader_election_namespace;
  std::string lease_name = "dualtrace-operator";
  Duration lease_duration = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry_period = std::chrono::seconds(2);

  size_t workers = 4;
  Duration resync = std::chrono::minutes(10);
  Duration sync_timeout = std::chrono::minutes(2);
  Duration shutdown_grace = std::chrono::seconds(30);
  Duration agent_poll_interval = std::chrono::seconds(15);

  WebhookOptions webhook;
  std::string cluster_domain;  // "": from the pod's resolver configuration

  HostPort listen{"::", 8080};
  LogSeverity log_level = LogSeverity::kInfo;
};

// Or the exit code, if the version, the help or an error message was printed.
using ExitCode = int;
[[nodiscard]] std::variant<Options, ExitCode> parse_options(int argc, const char* const* argv,
                                                            const Environment& environment,
                                                            const std::string& version_line);

}  // namespace dualtrace::ctl
