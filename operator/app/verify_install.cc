// SPDX-License-Identifier: Apache-2.0
#include "operator/app/verify_install.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "common/io/posix_file_system.h"
#include "common/kube/api_client.h"
#include "operator/api/dual_trace_export.h"
#include "operator/app/cluster.h"
#include "operator/app/options.h"

namespace dualtrace::ctl {
namespace {

constexpr int kExitFaults = 1;
constexpr int kExitBadOptions = 2;
constexpr kube::ApplyOptions kAsked{.field_manager = "dualtrace-operator/verify-install",
                                    .dry_run = true};

Json object(const kube::ResourceType& type, const InstallQuestion& question) {
  return {
      {"apiVersion", type.api_version()},
      {"kind", type.kind},
      {"metadata", {{"name", "dualtrace-verify-install"}, {"namespace", question.namespace_name}}}};
}

Json export_to(const Json& destinations, const InstallQuestion& question) {
  Json made = object(kDualTraceExports, question);
  made["spec"] = destinations;
  return made;
}

// The pod meets the Pod Security Standard `restricted` and what quotas require, so that only the
// webhook is tested.
Json asking_pod(const InstallQuestion& question) {
  Json pod = object(kube::kPods, question);
  pod["metadata"]["annotations"] = {{"dualtrace.dev/inject", "true"}};
  const Json sizes = {{"cpu", "1m"}, {"memory", "1Mi"}, {"ephemeral-storage", "1Mi"}};
  pod["spec"] = {
      {"automountServiceAccountToken", false},
      {"securityContext",
       {{"runAsNonRoot", true}, {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
      {"containers", Json::array({{{"name", "never-runs"},
                                   {"image", "never-pulled"},
                                   {"resources", {{"requests", sizes}, {"limits", sizes}}},
                                   {"securityContext",
                                    {{"allowPrivilegeEscalation", false},
                                     {"runAsUser", 65532},
                                     {"capabilities", {{"drop", Json::array({"ALL"})}}}}}}})}};
  return pod;
}

InstallFinding export_is_accepted(kube::Api& api, const InstallQuestion& question) {
  InstallFinding finding{.what = "a valid export is accepted", .fault = {}};
  const Json arize = {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}}};
  const auto answer = api.apply(kDualTraceExports, export_to(arize, question), kAsked);
  if (answer) return finding;
  finding.fault = answer.error().message;
  if (answer.error().kind == ErrorKind::kNotFound) {
    finding.fault +=
        ": install the CRD (crds/, or crds.enabled of the chart), and name an "
        "existing namespace (--namespace)";
  }
  return finding;
}

InstallFinding wrong_export_is_refused(kube::Api& api, const InstallQuestion& question) {
  InstallFinding finding{.what = "an export without a destination is rejected", .fault = {}};
  const auto answer = api.apply(kDualTraceExports, export_to(Json::object(), question), kAsked);
  if (answer) {
    finding.fault = "it was accepted: the CRD has another version; upgrade it";
  } else if (answer.error().kind != ErrorKind::kInvalid) {
    finding.fault = answer.error().message;
  }
  return finding;
}

InstallFinding webhook_answers(kube::Api& api, const InstallQuestion& question) {
  InstallFinding finding{.what = "the webhook answers for a pod that requests an export",
                         .fault = {}};
  const auto answer = api.apply(kube::kPods, asking_pod(question), kAsked);
  if (!answer) {
    finding.fault = answer.error().message;
    return finding;
  }
  const auto has = [&](std::string_view annotation) {
    return find(*answer, {"metadata", "annotations", annotation}) != nullptr;
  };
  if (!has("dualtrace.dev/injected") && !has("dualtrace.dev/skipped")) {
    finding.fault =
        "the pod was returned unchanged: no operator answered the API server in time, or the "
        "webhook does not cover this namespace; check the operator's pods, network policies, and "
        "the mutatingwebhookconfiguration (caBundle, namespaceSelector)";
  }
  return finding;
}

struct CommandLine {
  InstallQuestion question;
  Options cluster;  // only the options to reach it
};

int print(const std::vector<InstallFinding>& findings) {
  const auto is_fault = [](const InstallFinding& one) { return !one.fault.empty(); };
  for (const InstallFinding& one : findings) {
    std::printf("%s: %s%s%s\n", is_fault(one) ? "FAILED" : "ok", one.what.c_str(),
                is_fault(one) ? ": " : "", one.fault.c_str());
  }
  return std::any_of(findings.begin(), findings.end(), is_fault) ? kExitFaults : 0;
}

}  // namespace

std::vector<InstallFinding> verify_install(kube::Api& api, const InstallQuestion& question) {
  std::vector<InstallFinding> findings{export_is_accepted(api, question),
                                       wrong_export_is_refused(api, question)};
  if (question.webhook) findings.push_back(webhook_answers(api, question));
  return findings;
}

int run_verify_install(int argc, const char* const* argv, const Environment& environment,
                       const std::string& version) {
  CLI::App line{
      "Checks with the API server whether dualtrace is installed and works; changes nothing."};
  CommandLine wanted;
  line.add_option("--namespace", wanted.question.namespace_name,
                  "The namespace for a dry run of a pod and an export; not the operator's own")
      ->required();
  line.add_flag("--webhook", wanted.question.webhook, "Also check that the webhook answers");
  line.add_option("--kubeconfig", wanted.cluster.kubeconfig,
                  "The kubeconfig of the cluster; default: as for the operator");
  line.add_option("--context", wanted.cluster.context, "The context of the kubeconfig to use");
  try {
    line.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return line.exit(error) == 0 ? 0 : kExitBadOptions;
  }
  PosixFileSystem files;
  const auto cluster = find_cluster(wanted.cluster, environment, files);
  if (!cluster) {
    std::fprintf(stderr, "%s\n", cluster.error().message.c_str());
    return kExitFaults;
  }
  SystemClock clock;
  MetricRegistry metrics;
  kube::ApiClient api(*cluster, {.user_agent = kube::user_agent("dualtrace-operator", version)},
                      files, clock, metrics);
  return print(verify_install(api, wanted.question));
}

}  // namespace dualtrace::ctl
