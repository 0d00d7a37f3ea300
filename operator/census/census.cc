// SPDX-License-Identifier: Apache-2.0
#include "operator/census/census.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "operator/api/injection_words.h"
#include "operator/webhook/choose_export.h"
#include "operator/webhook/request.h"
#include "operator/webhook/warning.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;

constexpr size_t kNamesMax = 5;

std::optional<ObjectKey> injected_into(const AskingPod& pod) {
  const std::string_view text = pod.says().injected;
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return ObjectKey{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

bool is_reason(std::string_view word) {
  return std::find(kSkipReasons.begin(), kSkipReasons.end(), word) != kSkipReasons.end() ||
         std::find(kWarnReasons.begin(), kWarnReasons.end(), word) != kWarnReasons.end();
}

void count(std::string_view reasons, std::map<std::string, int64_t>& pods) {
  std::set<std::string_view> counted;
  while (!reasons.empty()) {
    const std::string_view one = reasons.substr(0, reasons.find(','));
    if (is_reason(one) && counted.insert(one).second) ++pods[std::string(one)];
    reasons.remove_prefix(std::min(one.size() + 1, reasons.size()));
  }
}

// Only the first ones by name: ten thousand pods may count at a thousand exports.
void note_name(std::vector<std::string>& names, const std::string& name) {
  names.insert(std::lower_bound(names.begin(), names.end(), name), name);
  if (names.size() > kNamesMax) names.pop_back();
}

// Pods that request an export and got no variables. One that is refused counts for each export that
// it could have meant. They are counted by request first, because a request may mean a thousand
// exports, and fifty thousand pods may have few requests.
class PodsWithout {
 public:
  explicit PodsWithout(const ClusterView& cluster)
      : cluster_(cluster), exports_(cluster.exports()) {}

  void add(const AskingPod& pod) {
    const PodNamespace& from = namespace_of(pod);
    const auto asked = read_request(pod.says().asks, from);
    if (!asked) return;
    // An invalid value counts as "true".
    const auto* read = std::get_if<InjectionRequest>(&*asked);
    const InjectionRequest request = read == nullptr ? InjectionRequest{} : *read;
    InjectionFact& fact = facts_[{from.name, counted_as(request, *exports_).named}];
    ++fact.annotated;
    count(pod.says().skipped, fact.skipped);
    note_name(fact.missed, pod.key.to_string());
  }

  void count_in(Census& census) const {
    for (const auto& [request, fact] : facts_) {
      const auto& [namespace_name, named] = request;
      for (const ObjectKey& key :
           exports_asked_for({named}, namespaces_.at(namespace_name), *exports_)) {
        InjectionFact& counted = census[key];
        counted.annotated += fact.annotated;
        for (const auto& [reason, pods] : fact.skipped) counted.skipped[reason] += pods;
        for (const std::string& name : fact.missed) note_name(counted.missed, name);
      }
    }
  }

  bool is_shut_out(const AskingPod& pod, const ObjectKey& export_key) {
    return ctl::is_shut_out(namespace_of(pod), export_key, *exports_);
  }

 private:
  const PodNamespace& namespace_of(const AskingPod& pod) {
    const std::string& name = pod.key.namespace_name;
    auto [known, is_new] = namespaces_.try_emplace(name);
    if (is_new) known->second = {name, cluster_.namespace_labels(name)};
    return known->second;
  }

  const ClusterView& cluster_;
  const std::shared_ptr<const KnownExports> exports_;
  std::map<std::string, PodNamespace> namespaces_;
  // By the pods' namespace and the export that the request counts as (counted_as()).
  std::map<std::pair<std::string, std::optional<ObjectKey>>, InjectionFact> facts_;
};

}  // namespace

Census take_census(const std::vector<AskingPodPointer>& pods, const ClusterView& cluster,
                   const PodNodes& nodes) {
  Census census;
  PodsWithout without(cluster);
  for (const AskingPodPointer& pod : pods) {
    if (pod->ending) continue;
    if (const auto injected = injected_into(*pod)) {
      InjectionFact& fact = census[*injected];
      ++fact.annotated;
      ++fact.injected;
      count(pod->says().warned, fact.warned);
      fact.nodes_known = nodes.known();
      if (const auto node = nodes.node_of(*pod)) {
        PodsOnNode& there = fact.nodes[std::string(*node)];
        ++there.pods;
        note_name(there.names, pod->key.to_string());
      }
      if (without.is_shut_out(*pod, *injected)) {
        ++fact.shut_out;
        note_name(fact.shut_out_pods, pod->key.to_string());
      }
      continue;
    }
    without.add(*pod);
  }
  without.count_in(census);
  return census;
}

std::vector<AskingPodPointer> injected_pods(const std::vector<AskingPodPointer>& pods) {
  std::vector<AskingPodPointer> injected;
  for (const AskingPodPointer& pod : pods) {
    if (!pod->ending && injected_into(*pod)) injected.push_back(pod);
  }
  return injected;
}

}  // namespace dualtrace::ctl
