#include "operator/webhook/choose_export.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using Candidate = KnownExports::value_type;
using Candidates = std::vector<const Candidate*>;

const std::string kNameLabel = "kubernetes.io/metadata.name";
constexpr size_t kNamesTold = 5;

// The namespace that asks, with the labels that are certain: every namespace has its name as one.
struct Asker {
  explicit Asker(const PodNamespace& from)
      : name(from.name), sees_labels(from.labels), labels(from.labels.value_or(Labels{})) {
    labels[kNameLabel] = name;
  }

  [[nodiscard]] bool can_be_judged_by(const LabelSelector& selector) const {
    return sees_labels || !asks_for_more_than(selector, kNameLabel);
  }

  const std::string& name;
  const bool sees_labels;
  Labels labels;
};

bool admits(const ObjectKey& key, const LabelSelector& selector, const Asker& asker) {
  if (key.namespace_name == asker.name) return true;
  return asker.can_be_judged_by(selector) && matches(selector, asker.labels);
}

Refusal not_admitted(const ObjectKey& key, const LabelSelector& selector, const Asker& asker) {
  std::string why = key.to_string() + " does not admit namespace " + asker.name;
  if (!asker.can_be_judged_by(selector)) why += ", whose labels the operator may not see";
  return {SkipReason::kNamespaceNotAdmitted,
          why + "; see its spec.injection.namespaceSelector, or name another export"};
}

OrRefusal<ObjectKey> judge(const Candidate& candidate, const Asker& asker) {
  const auto& [key, known] = candidate;
  if (!known.admits) {
    return Refusal{SkipReason::kExportInvalid,
                   key.to_string() + " has faults; mend them: kubectl -n " + key.namespace_name +
                       " get dte " + key.name + " -o wide says which"};
  }
  if (!admits(key, *known.admits, asker)) return not_admitted(key, *known.admits, asker);
  return key;
}

// One with faults counts: without them it could be meant.
bool could_be_meant(const Candidate& candidate, const Asker& asker) {
  const auto& [key, known] = candidate;
  return !known.admits || admits(key, *known.admits, asker);
}

Refusal ambiguous(const Candidates& candidates) {
  std::vector<std::string> names;
  names.reserve(candidates.size());
  for (const Candidate* one : candidates) names.push_back(one->first.to_string());
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

OrRefusal<ObjectKey> choose_named(const ObjectKey& key, const Asker& asker,
                                  const KnownExports& exports) {
  const auto found = exports.find(key);
  if (found != exports.end()) return judge(*found, asker);
  return Refusal{SkipReason::kNoSuchExport,
                 "the operator knows no DualTraceExport " + key.to_string() +
                     "; create it, or name another; one of another namespace is named with it"};
}

OrRefusal<ObjectKey> choose_only(const Asker& asker, const KnownExports& exports) {
  Candidates meant = exports_in(asker.name, exports);
  if (meant.empty()) {
    for (const Candidate& one : exports) {
      if (could_be_meant(one, asker)) meant.push_back(&one);
    }
  }
  if (meant.size() > 1) return ambiguous(meant);
  if (meant.size() == 1) return judge(*meant[0], asker);
  return Refusal{SkipReason::kNoSuchExport, "there is no DualTraceExport that admits namespace " +
                                                asker.name + "; create one"};
}

}  // namespace

OrRefusal<ObjectKey> choose_export(const InjectionRequest& request, const PodNamespace& from,
                                   const KnownExports& exports) {
  const Asker asker(from);
  return request.named ? choose_named(*request.named, asker, exports) : choose_only(asker, exports);
}

}  // namespace dualtrace::ctl
