// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_reviewer.h"

#include "operator/api/injection_words.h"
#include "operator/webhook/choose_export.h"
#include "operator/webhook/injection_plan.h"
#include "operator/webhook/pod_patch.h"
#include "operator/webhook/readable.h"
#include "operator/webhook/request.h"
#include "operator/webhook/untouchable.h"
#include "operator/webhook/warning.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

bool has_annotation(const Json& pod, std::string_view name) {
  return !annotation_of(pod, name).empty();
}

AdmissionAnswer unpatched(const std::string& why) {
  return {.patch = Json::array(),
          .warnings = {"dualtrace: not injected: " + why},
          .audit_annotations = {}};
}

// The patch, if the resulting pod passes the check.
AdmissionAnswer patched(const Json& pod, const InjectionPlan& plan,
                        const Annotations& annotations) {
  AdmissionAnswer answer;
  answer.patch = render_patch(pod, plan, annotations);
  const auto after = apply_patch(pod, answer.patch);
  const Status checked = after ? check_patched(pod, *after) : Status(fail(after.error()));
  return checked ? answer : unpatched(checked.error().message);
}

// Whether an earlier review injected it, and its variables are still there.
bool was_injected(const Json& pod) {
  const std::string_view name = annotation_of(pod, kInjectedAnnotation);
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  return has_variables(pod,
                       {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))});
}

AdmissionAnswer skipped(const Json& pod, const Refusal& refusal) {
  const std::string text = to_string(refusal);
  if (was_injected(pod)) return {};
  AdmissionAnswer answer;
  Annotations annotations = {{kSkippedAnnotation, text}};
  for (const std::string_view other : {kInjectedAnnotation, kWarnedAnnotation}) {
    if (has_annotation(pod, other)) annotations.emplace_back(other, "");
  }
  if (annotations.size() > 1 || annotation_of(pod, kSkippedAnnotation) != text) {
    answer = patched(pod, {}, annotations);
  }
  if (answer.warnings.empty()) answer.warnings.push_back("dualtrace: not injected: " + text);
  answer.audit_annotations["skipped"] = to_string(refusal.reason);
  return answer;
}

// Including those about containers that got nothing, because the pod is reported as injected.
PodWarnings all_warnings(const InjectionPlan& plan) {
  PodWarnings all;
  for (const auto& [container, refusal] : plan.left) {
    all.push_back({to_string(refusal.reason),
                   "container " + container + " not injected: " + refusal.message});
  }
  all.insert(all.end(), plan.warnings.begin(), plan.warnings.end());
  return all;
}

void tell(const InjectionPlan& plan, const std::string& warned, AdmissionAnswer& answer) {
  if (warned.empty()) return;
  for (const auto& [container, refusal] : plan.left) {
    answer.warnings.push_back("dualtrace: container " + container +
                              " not injected: " + to_string(refusal));
  }
  for (const auto& [reason, message] : plan.warnings) {
    answer.warnings.push_back("dualtrace: " + std::string(reason) + ": " + message);
  }
  answer.audit_annotations["warned"] = warned.substr(0, warned.find(':'));
}

AdmissionAnswer injected(const Json& pod, const InjectionPlan& plan,
                         const kube::ObjectKey& export_key) {
  const std::string name = export_key.to_string();
  const std::string warned = warned_text(all_warnings(plan));
  AdmissionAnswer answer;
  const bool is_known = has_annotation(pod, kInjectedAnnotation);
  const bool is_told = annotation_of(pod, kWarnedAnnotation) == warned;
  if (plan.changes.empty() && is_known && is_told) {
    tell(plan, warned, answer);
    return answer;
  }
  Annotations annotations = {{kInjectedAnnotation, name}};
  if (has_annotation(pod, kSkippedAnnotation)) annotations.emplace_back(kSkippedAnnotation, "");
  if (!is_told) annotations.emplace_back(kWarnedAnnotation, warned);
  answer = patched(pod, plan, annotations);
  if (answer.patch.empty()) return answer;
  tell(plan, warned, answer);
  answer.audit_annotations["injected"] = name;
  return answer;
}

// For a pod without the annotation, the API server calls only if the namespace has the label. The
// operator may not be able to read the label's value.
AdmissionAnswer unasked(const Json& pod, const PodNamespace& from) {
  if (from.labels || has_annotation(pod, kInjectWord)) return {};
  return unpatched("the operator cannot read the labels of namespace " + from.name +
                   "; annotate the pod");
}

}  // namespace

AdmissionAnswer PodReviewer::review(const AdmissionRequest& request) const {
  const Json& pod = request.object;
  if (request.operation != "CREATE" || is_untouchable(pod)) return {};
  if (const Status readable = check_readable(pod); !readable) {
    return unpatched(readable.error().message);
  }
  const std::string& space = request.key.namespace_name;
  const PodNamespace from{space, cluster_.namespace_labels(space)};
  const auto asked = read_request(pod, from);
  if (!asked) return unasked(pod, from);
  if (const auto* refusal = std::get_if<Refusal>(&*asked)) return skipped(pod, *refusal);
  const auto exports = cluster_.exports();
  const auto chosen = choose_export(std::get<InjectionRequest>(*asked), from, *exports);
  if (const auto* refusal = std::get_if<Refusal>(&chosen)) return skipped(pod, *refusal);
  const auto& key = std::get<kube::ObjectKey>(chosen);
  const auto plan = plan_injection(pod, {.namespace_name = space, .export_key = key, .dns = dns_});
  if (const auto* refusal = std::get_if<Refusal>(&plan)) return skipped(pod, *refusal);
  return injected(pod, std::get<InjectionPlan>(plan), key);
}

}  // namespace dualtrace::ctl
