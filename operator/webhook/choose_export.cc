#include "operator/webhook/choose_export.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using kube::ObjectPointer;

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
constexpr size_t kNamesTold = 5;

// The labels that are certain: every namespace has its name as one.
Labels known_labels(const PodNamespace& from) {
  Labels labels = from.labels.value_or(Labels{});
  labels[std::string(kNameLabel)] = from.name;
  return labels;
}

bool can_be_judged(const LabelSelector& selector, const PodNamespace& from) {
  return from.labels || !asks_for_more_than(selector, std::string(kNameLabel));
}

bool admits(const DualTraceExport& wanted, const PodNamespace& from) {
  if (wanted.key.namespace_name == from.name) return true;
  const LabelSelector& selector = wanted.injection.namespace_selector;
  return can_be_judged(selector, from) && matches(selector, known_labels(from));
}

Refusal not_admitted(const DualTraceExport& wanted, const PodNamespace& from) {
  std::string why = wanted.key.to_string() + " does not admit namespace " + from.name;
  if (!can_be_judged(wanted.injection.namespace_selector, from)) {
    why += ", whose labels the operator may not see";
  }
  return {SkipReason::kNamespaceNotAdmitted,
          why + "; see its spec.injection.namespaceSelector, or name another export"};
}

OrRefusal<DualTraceExport> judge(const Json& object, const PodNamespace& from) {
  ExportOrFaults parsed = parse_export(object);
  const ObjectKey key = kube::key_of(object);
  if (!parsed.value) {
    return Refusal{SkipReason::kExportInvalid,
                   key.to_string() + " has faults; mend them: kubectl -n " + key.namespace_name +
                       " get dte " + key.name + " -o wide says which"};
  }
  if (!admits(*parsed.value, from)) return not_admitted(*parsed.value, from);
  return *std::move(parsed.value);
}

// One with faults counts: without them it could be meant.
bool could_be_meant(const Json& object, const PodNamespace& from) {
  const ExportOrFaults parsed = parse_export(object);
  return !parsed.value || admits(*parsed.value, from);
}

Refusal ambiguous(const std::vector<ObjectPointer>& candidates) {
  std::vector<std::string> names;
  names.reserve(candidates.size());
  for (const auto& one : candidates) names.push_back(kube::key_of(*one).to_string());
  std::sort(names.begin(), names.end());
  std::string told;
  for (size_t i = 0; i < std::min(names.size(), kNamesTold); ++i) {
    told += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kNamesTold) {
    told += " and " + std::to_string(names.size() - kNamesTold) + " more";
  }
  return {SkipReason::kAmbiguous,
          "\"true\" could mean " + told + "; write the one that is meant in its place"};
}

OrRefusal<DualTraceExport> choose_named(const ObjectKey& key, const PodNamespace& from,
                                        const std::vector<ObjectPointer>& exports) {
  const auto found = std::find_if(exports.begin(), exports.end(), [&](const auto& object) {
    return kube::key_of(*object) == key && !is_going(*object);
  });
  if (found != exports.end()) return judge(**found, from);
  return Refusal{SkipReason::kNoSuchExport,
                 "the operator knows no DualTraceExport " + key.to_string() +
                     "; create it, or name another; one of another namespace is named with it"};
}

OrRefusal<DualTraceExport> choose_only(const PodNamespace& from,
                                       const std::vector<ObjectPointer>& exports) {
  std::vector<ObjectPointer> near;
  std::vector<ObjectPointer> far;
  for (const auto& object : exports) {
    if (is_going(*object)) continue;
    (kube::key_of(*object).namespace_name == from.name ? near : far).push_back(object);
  }
  if (near.empty()) {
    std::copy_if(far.begin(), far.end(), std::back_inserter(near),
                 [&](const auto& object) { return could_be_meant(*object, from); });
  }
  if (near.size() > 1) return ambiguous(near);
  if (near.size() == 1) return judge(*near[0], from);
  return Refusal{SkipReason::kNoSuchExport,
                 "there is no DualTraceExport that admits namespace " + from.name + "; create one"};
}

}  // namespace

bool is_going(const Json& object) {
  const Json* when = find(object, {"metadata", "deletionTimestamp"});
  return when != nullptr && !when->is_null();
}

OrRefusal<DualTraceExport> choose_export(const InjectionRequest& request, const PodNamespace& from,
                                         const std::vector<ObjectPointer>& exports) {
  if (request.named) return choose_named(*request.named, from, exports);
  return choose_only(from, exports);
}

}  // namespace dualtrace::ctl
