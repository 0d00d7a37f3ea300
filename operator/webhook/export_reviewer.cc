// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/export_reviewer.h"

#include <algorithm>
#include <array>
#include <set>

#include "operator/api/secret_uses.h"
#include "operator/webhook/meaning.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kFaultsTold = 5;

// One warning for each fault, because the API server truncates long warnings.
std::vector<std::string> told(const std::vector<ExportFault>& faults) {
  std::vector<std::string> warnings;
  for (size_t i = 0; i < std::min(faults.size(), kFaultsTold); ++i) {
    warnings.push_back(to_string({faults[i]}));
  }
  if (faults.size() > kFaultsTold) {
    warnings.push_back("and " + std::to_string(faults.size() - kFaultsTold) + " more faults");
  }
  return warnings;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  std::move(more.begin(), more.end(), std::back_inserter(to));
}

// Arize refuses a span without a project for good. Authors whose applications name their projects
// can ignore the warning.
std::vector<std::string> missing_project(const DualTraceExport& wanted) {
  constexpr std::array<std::string_view, 3> kProjectKeys = {"openinference.project.name",
                                                            "arize.project.name", "model_id"};
  if (!wanted.arize || wanted.setting("arize.project") != nullptr) return {};
  const bool among_attributes = std::any_of(
      kProjectKeys.begin(), kProjectKeys.end(),
      [&](std::string_view key) { return wanted.resource_attributes.contains(std::string(key)); });
  if (among_attributes) return {};
  return {
      "spec.arize.project: not set; Arize refuses spans whose application names no project, and "
      "they become dead letters; set a project for these"};
}

// Their variables stay, and point to a Service that no longer exists.
std::vector<std::string> injected_pods(const Json& deleted) {
  const int64_t pods = integer_at(deleted, {"status", "injection", "injected"}).value_or(0);
  if (pods <= 0) return {};
  return {std::to_string(pods) + (pods == 1 ? " pod sends" : " pods send") +
          " spans to this export and will lose them until recreated without it"};
}

}  // namespace

// Once for each Secret, at the first field that names it.
std::vector<std::string> ExportReviewer::missing_secrets(const DualTraceExport& wanted,
                                                         Tick wait_until) const {
  std::vector<std::string> warnings;
  if (!questions_.has_secret) return warnings;
  const std::string& space = wanted.key.namespace_name;
  std::set<std::string> asked;
  const auto ask = [&](const std::string& name, const std::string& field, const char* meanwhile) {
    if (!asked.insert(name).second) return;
    if (questions_.has_secret({space, name}, wait_until) != false) return;
    warnings.push_back(field + ": there is no Secret " + name + " in namespace " + space +
                       "; create it, " + meanwhile);
  };
  for (const SecretUse& use : secrets_named_by(wanted)) {
    ask(use.reference.name, use.path + ".secretName", "spans wait");
  }
  for (const Json& secret : wanted.agent.image_pull_secrets) {
    ask(std::string(text_at(secret, {"name"})), "spec.agent.imagePullSecrets", "or leave it out");
  }
  return warnings;
}

std::vector<std::string> ExportReviewer::others_beside(const kube::ObjectKey& key) const {
  const auto exports = cluster_.exports();
  for (const auto* other : exports_in(key.namespace_name, *exports)) {
    if (other->first == key) continue;
    return {"this namespace also has the export " + other->first.name +
            ": pods must name the export "
            "that they mean in dualtrace.dev/inject"};
  }
  return {};
}

std::vector<std::string> ExportReviewer::other_meanings(const AdmissionRequest& request) const {
  if (!questions_.namespaces) return {};
  ExportChange change{request.key, std::nullopt};
  if (request.operation != "DELETE") {
    change.after = read_known_export(request.key, request.object, questions_.consent);
  }
  return changes_of_meaning(change, *cluster_.exports(), questions_.namespaces());
}

AdmissionAnswer ExportReviewer::review_deletion(const AdmissionRequest& request) const {
  AdmissionAnswer answer;
  if (kube::is_ending(request.old_object)) return answer;
  answer.warnings = other_meanings(request);
  append(answer.warnings, injected_pods(request.old_object));
  return answer;
}

AdmissionAnswer ExportReviewer::review(const AdmissionRequest& request, Tick wait_until) const {
  if (request.operation == "DELETE") return review_deletion(request);
  AdmissionAnswer answer;
  const bool is_new = request.operation == "CREATE";
  if ((!is_new && request.operation != "UPDATE") || kube::is_ending(request.object)) return answer;
  EffectiveExport parsed = parse_export(request.object, questions_.agent_defaults);
  answer.warnings = told(parsed.faults);
  append(answer.warnings, other_meanings(request));
  if (!parsed.value) return answer;
  // In a creation, the object may lack the namespace, which is then only in the request's path.
  parsed.value->key = request.key;
  const Consent consent = consent_of(request.object, questions_.consent);
  append(answer.warnings, consent_notices(request.key, consent, questions_.consent));
  if (questions_.plan_faults) {
    append(answer.warnings, told(questions_.plan_faults(parsed)));
  }
  append(answer.warnings, missing_secrets(*parsed.value, wait_until));
  append(answer.warnings, missing_project(*parsed.value));
  if (is_new && !request.key.name.empty()) append(answer.warnings, others_beside(request.key));
  return answer;
}

}  // namespace dualtrace::ctl
