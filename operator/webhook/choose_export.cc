// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/choose_export.h"

#include <algorithm>

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using Candidate = KnownExports::value_type;
using Candidates = std::vector<const Candidate*>;

const std::string kNameLabel = "kubernetes.io/metadata.name";
constexpr size_t kNamesTold = 5;

// The requesting namespace, with its known labels: every namespace has its name as a label.
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

bool admits(const Candidate& candidate, const Asker& asker) {
  const auto& [key, known] = candidate;
  if (key.namespace_name == asker.name) return true;
  return known.others && asker.can_be_judged_by(*known.others) &&
         matches(*known.others, asker.labels);
}

// The selector that admits one namespace, as written in an export.
std::string selector_of(const Asker& asker) {
  return "{matchLabels: {" + kNameLabel + ": " + asker.name + "}}";
}

Refusal not_admitted(const Candidate& candidate, const Asker& asker) {
  const auto& [key, known] = candidate;
  std::string why = key.to_string() + " does not admit namespace " + asker.name;
  if (known.others && !asker.can_be_judged_by(*known.others)) {
    why += ", whose labels the operator cannot see";
  } else if (!known.others) {
    why += ": without a namespaceSelector it admits only its own";
  }
  return {SkipReason::kNamespaceNotAdmitted,
          why + "; set spec.injection.namespaceSelector there, for example to " +
              selector_of(asker) + ", or name another export"};
}

OrRefusal<ObjectKey> judge(const Candidate& candidate, const Asker& asker) {
  const auto& [key, known] = candidate;
  if (known.faulty) {
    return Refusal{SkipReason::kExportInvalid,
                   key.to_string() + " has faults; to see which, run kubectl -n " +
                       key.namespace_name + " get dte " + key.name + " -o wide, and fix them"};
  }
  if (!admits(candidate, asker)) return not_admitted(candidate, asker);
  return key;
}

// An export with faults counts: once they are fixed, it could be meant.
bool could_be_meant(const Candidate& candidate, const Asker& asker) {
  return candidate.second.meant_elsewhere && (candidate.second.faulty || admits(candidate, asker));
}

template <typename Predicate>
Candidates those_that(const KnownExports& exports, Predicate fits) {
  Candidates found;
  for (const Candidate& one : exports) {
    if (fits(one)) found.push_back(&one);
  }
  return found;
}

// The exports that "true" could mean.
Candidates candidates_for(const Asker& asker, const KnownExports& exports) {
  Candidates own = exports_in(asker.name, exports);
  if (!own.empty()) return own;
  return those_that(exports, [&](const Candidate& one) { return could_be_meant(one, asker); });
}

// "a/x, b/y and 3 more"
std::string told(const Candidates& candidates) {
  std::string text;
  for (size_t i = 0; i < std::min(candidates.size(), kNamesTold); ++i) {
    text += (i == 0 ? "" : ", ") + candidates[i]->first.to_string();
  }
  if (candidates.size() > kNamesTold) {
    text += " and " + std::to_string(candidates.size() - kNamesTold) + " more";
  }
  return text;
}

Refusal ambiguous(const Candidates& candidates) {
  return {SkipReason::kAmbiguous,
          "\"true\" could mean " + told(candidates) + "; write the name of one export instead"};
}

// It suggests no export of a namespace that is not shared, because anyone could have created it.
Refusal none_meant(const Asker& asker, const KnownExports& exports) {
  const Candidates shared =
      those_that(exports, [](const Candidate& one) { return one.second.meant_elsewhere; });
  const std::string why =
      "\"true\" means the only DualTraceExport of namespace " + asker.name + ", which has none";
  if (shared.empty()) {
    return {SkipReason::kNoSuchExport,
            why +
                ", and no export of another namespace is shared; write \"<namespace>/<export>\" "
                "instead, of an export that admits this namespace, or have the installation "
                "share that namespace (sharedNamespaces)"};
  }
  return {SkipReason::kNoSuchExport,
          why + ", and no shared export admits it (" + told(shared) +
              "); set spec.injection.namespaceSelector there, for example to " +
              selector_of(asker) +
              ", or write \"<namespace>/<export>\" of another export instead of \"true\""};
}

OrRefusal<ObjectKey> choose_named(const ObjectKey& key, const Asker& asker,
                                  const KnownExports& exports) {
  const auto found = exports.find(key);
  if (found != exports.end()) return judge(*found, asker);
  return Refusal{SkipReason::kNoSuchExport,
                 "the operator knows no DualTraceExport " + key.to_string() +
                     "; create it, or correct the name; for an export in another namespace, "
                     "include the namespace"};
}

OrRefusal<ObjectKey> choose_only(const Asker& asker, const KnownExports& exports) {
  const Candidates meant = candidates_for(asker, exports);
  if (meant.empty()) return none_meant(asker, exports);
  if (meant.size() > 1) return ambiguous(meant);
  return judge(*meant[0], asker);
}

Candidates all_that_could_be(const Asker& asker, const KnownExports& exports) {
  Candidates meant = candidates_for(asker, exports);
  if (!meant.empty()) return meant;
  meant = those_that(exports, [](const Candidate& one) { return one.second.meant_elsewhere; });
  if (!meant.empty()) return meant;
  meant = those_that(exports, [&](const Candidate& one) { return admits(one, asker); });
  if (meant.empty() && exports.size() == 1) meant.push_back(&*exports.begin());
  return meant;
}

}  // namespace

OrRefusal<ObjectKey> choose_export(const InjectionRequest& request, const PodNamespace& from,
                                   const KnownExports& exports) {
  const Asker asker(from);
  return request.named ? choose_named(*request.named, asker, exports) : choose_only(asker, exports);
}

InjectionRequest counted_as(const InjectionRequest& request, const KnownExports& exports) {
  if (!request.named || exports.contains(*request.named)) return request;
  const std::string& namespace_name = request.named->namespace_name;
  if (exports_in(namespace_name, exports).empty()) return {};
  return {ObjectKey{namespace_name, ""}};
}

std::vector<ObjectKey> exports_asked_for(const InjectionRequest& request, const PodNamespace& from,
                                         const KnownExports& exports) {
  const InjectionRequest counted = counted_as(request, exports);
  if (counted.named && !counted.named->name.empty()) return {*counted.named};
  const Candidates asked = counted.named ? exports_in(counted.named->namespace_name, exports)
                                         : all_that_could_be(Asker(from), exports);
  std::vector<ObjectKey> keys;
  keys.reserve(asked.size());
  for (const Candidate* one : asked) keys.push_back(one->first);
  return keys;
}

bool is_shut_out(const PodNamespace& from, const ObjectKey& export_key,
                 const KnownExports& exports) {
  const auto found = exports.find(export_key);
  // With faults, its agents keep their last configuration.
  if (found == exports.end() || found->second.faulty || found->second.lets_all_send) return false;
  const Asker asker(from);
  const auto& others = found->second.others;
  return (!others || asker.can_be_judged_by(*others)) && !admits(*found, asker);
}

}  // namespace dualtrace::ctl
