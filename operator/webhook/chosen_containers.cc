// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/chosen_containers.h"

#include <algorithm>
#include <set>

#include "operator/api/injection_words.h"
#include "operator/api/kubernetes_rules.h"
#include "operator/webhook/added_containers.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

// An init container that keeps running.
bool is_sidecar(const Json& container) { return text_at(container, {"restartPolicy"}) == "Always"; }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::set<std::string, std::less<>> names_in(std::string_view list) {
  std::set<std::string, std::less<>> names;
  while (true) {
    const std::string_view name = list.substr(0, list.find(','));
    if (!trimmed(name).empty()) names.emplace(trimmed(name));
    if (name.size() == list.size()) return names;
    list.remove_prefix(name.size() + 1);
  }
}

template <typename Wanted>
std::vector<ChosenContainer> chosen_by(const Json& pod, Wanted wanted) {
  std::vector<ChosenContainer> chosen;
  for (const char* list : {"initContainers", "containers"}) {
    const Json& containers = array_at(pod, {"spec", list});
    for (size_t i = 0; i < containers.size(); ++i) {
      if (wanted(list, containers[i])) chosen.push_back({list, i});
    }
  }
  return chosen;
}

// A name that no container can have is not repeated.
Refusal unknown(std::string_view name) {
  const std::string which = check_object_name(name) ? " " + std::string(name) : "";
  return {SkipReason::kUnknownContainer,
          "the pod has no container" + which + ", which its annotation " +
              std::string(kContainersAnnotation) + " names; fix the annotation, or remove it"};
}

}  // namespace

// Ephemeral containers do not count: a pod cannot be created with them, and whoever adds one sets
// its env.
OrRefusal<std::vector<ChosenContainer>> choose_containers(const Json& pod) {
  const Json* written = find(pod, {"metadata", "annotations", kContainersAnnotation});
  if (written == nullptr) {
    const auto added = added_containers(pod);
    return chosen_by(pod, [&](std::string_view list, const Json& container) {
      return (list == "containers" || is_sidecar(container)) &&
             !added.contains(text_at(container, {"name"}));
    });
  }
  auto missing = names_in(annotation_of(pod, kContainersAnnotation));
  if (missing.empty()) {
    return Refusal{SkipReason::kInvalidRequest,
                   "the annotation " + std::string(kContainersAnnotation) +
                       " names no container; write names separated by commas, or remove it"};
  }
  const auto wanted = missing;
  auto chosen = chosen_by(pod, [&](std::string_view /*list*/, const Json& container) {
    const std::string_view name = text_at(container, {"name"});
    if (const auto found = missing.find(name); found != missing.end()) missing.erase(found);
    return wanted.contains(name);
  });
  if (!missing.empty()) return unknown(*missing.begin());
  return chosen;
}

}  // namespace dualtrace::ctl
