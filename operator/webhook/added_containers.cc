// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/added_containers.h"

#include <algorithm>

#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

using Names = std::set<std::string, std::less<>>;

// Istio's injector records on the pod which containers it added, whatever their names.
constexpr std::string_view kIstioStatus = "sidecar.istio.io/status";
constexpr size_t kIstioStatusBytesMax = size_t{16} * 1024;

bool fits(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

bool is_marked(const Json& pod, std::string_view mark) {
  if (mark.empty()) return true;
  for (const char* kind : {"labels", "annotations"}) {
    const Json* members = find(pod, {"metadata", kind});
    if (members == nullptr || !members->is_object()) continue;
    for (const auto& [name, value] : members->items()) {
      if (fits(mark, name)) return true;
    }
  }
  return false;
}

void add_istios(const Json& pod, Names& names) {
  const std::string_view text = annotation_of(pod, kIstioStatus);
  if (text.empty() || text.size() > kIstioStatusBytesMax) return;
  const auto status = parse_json(text);
  if (!status) return;
  for (const char* list : {"containers", "initContainers"}) {
    for (const Json& name : array_at(*status, {list})) {
      if (name.is_string()) names.insert(name.get<std::string>());
    }
  }
}

bool is_one_of(const Json& pod, const Names& istios, std::string_view name) {
  return istios.contains(name) ||
         std::any_of(kAddedContainers.begin(), kAddedContainers.end(), [&](const auto& added) {
           return fits(added.name, name) && is_marked(pod, added.mark);
         });
}

}  // namespace

Names added_containers(const Json& pod) {
  Names istios;
  add_istios(pod, istios);
  Names added;
  bool all = true;
  for (const char* list : {"containers", "initContainers"}) {
    for (const Json& container : array_at(pod, {"spec", list})) {
      const std::string_view name = text_at(container, {"name"});
      const bool is_added = is_one_of(pod, istios, name);
      if (is_added) added.emplace(name);
      all = all && (is_added || list == std::string_view("initContainers"));
    }
  }
  return all ? Names() : added;
}

}  // namespace dualtrace::ctl
