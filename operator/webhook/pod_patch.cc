// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_patch.h"

#include <algorithm>
#include <set>

#include "operator/api/injection_words.h"
#include "operator/webhook/endpoints.h"
#include "operator/webhook/pod_attributes.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kAnnotationBytesMax = size_t{256} * 1024;  // Kubernetes' limit for one pod
constexpr size_t kPodBytesMax = size_t{1024} * 1024;        // etcd accepts a little more

// A part of a JSON pointer (RFC 6901).
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

Json add(std::string path, Json value) {
  return {{"op", "add"}, {"path", std::move(path)}, {"value", std::move(value)}};
}

void add_variables(const Json& pod, const ContainerChange& change, Json& patch) {
  const std::string env = "/spec/" + change.list + "/" + std::to_string(change.index) + "/env";
  const Json& container = array_at(pod, {"spec", change.list})[change.index];
  if (array_at(container, {"env"}).empty()) patch.push_back(add(env, Json::array()));
  for (size_t i = 0; i < change.first.size(); ++i) {
    patch.push_back(add(env + "/" + std::to_string(i), change.first[i]));
  }
  if (const auto& appended = change.appended) {
    const size_t moved = appended->position + change.first.size();
    patch.push_back(add(env + "/" + std::to_string(moved) + "/value", appended->value));
  }
  for (const Json& entry : change.last) patch.push_back(add(env + "/-", entry));
}

void add_annotations(const Json& pod, const Annotations& annotations, Json& patch) {
  const Json* there = find(pod, {"metadata", "annotations"});
  if (there == nullptr || !there->is_object()) {
    patch.push_back(add("/metadata/annotations", Json::object()));
  }
  for (const auto& [name, value] : annotations) {
    patch.push_back(add("/metadata/annotations/" + escaped(name), value));
  }
}

Failure broken(std::string message) { return fail(ErrorKind::kInternal, std::move(message)); }

bool is_variable_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.front() >= 'A' && std::all_of(name.begin(), name.end(), allowed);
}

bool is_ours(std::string_view name) {
  return name.starts_with("OTEL_") || name.starts_with(kOurPrefix) || name == kArizeEndpoint ||
         name == kPhoenixEndpoint;
}

// The only variable whose value may be extended after what the user wrote.
bool is_kept(const Json& before, const Json& after) {
  if (before == after) return true;
  if (text_at(before, {"name"}) != kResourceAttributes) return false;
  Json restored = after;
  restored["value"] = text_at(before, {"value"});
  Json original = before;
  original["value"] = text_at(before, {"value"});
  return text_at(after, {"value"}).starts_with(text_at(before, {"value"})) && restored == original;
}

Status check_env(const Json& before, const Json& after) {
  std::set<std::string_view> names;
  for (const Json& entry : before) names.insert(text_at(entry, {"name"}));
  size_t kept = 0;
  for (const Json& entry : after) {
    const std::string_view name = text_at(entry, {"name"});
    if (kept < before.size() && is_kept(before[kept], entry)) {
      ++kept;
    } else if (!is_variable_name(name) || !is_ours(name)) {
      return broken("the patch would add a variable that is not dualtrace's");
    } else if (!names.insert(name).second) {
      return broken("variable " + std::string(name) + " would appear twice");
    }
  }
  if (kept != before.size()) return broken("the patch would change a variable of the user's");
  return {};
}

Status check_containers(const Json& before, const Json& after) {
  if (before.size() != after.size()) return broken("the containers would change");
  for (size_t i = 0; i < before.size(); ++i) {
    if (auto env = check_env(array_at(before[i], {"env"}), array_at(after[i], {"env"})); !env) {
      return env;
    }
  }
  return {};
}

Status check_annotations(const Json& pod) {
  const Json* annotations = find(pod, {"metadata", "annotations"});
  if (annotations == nullptr) return {};
  size_t bytes = 0;
  for (const auto& [name, value] : annotations->items()) {
    bytes += name.size() + value.get_ref<const std::string&>().size();
  }
  if (bytes > kAnnotationBytesMax) return broken("the annotations would be larger than 256 KiB");
  return {};
}

// The pod without the parts that may change.
Json rest_of(Json pod) {
  for (const char* list : {"containers", "initContainers"}) {
    if (find(pod, {"spec", list}) == nullptr || !pod["spec"][list].is_array()) continue;
    for (Json& container : pod["spec"][list]) container.erase("env");
  }
  Json& metadata = pod["metadata"];
  const auto annotations = metadata.find("annotations");
  if (annotations == metadata.end()) return pod;
  if (annotations->is_object()) {
    annotations->erase(std::string(kInjectedAnnotation));
    annotations->erase(std::string(kSkippedAnnotation));
    annotations->erase(std::string(kWarnedAnnotation));
  }
  if (annotations->empty()) metadata.erase("annotations");
  return pod;
}

}  // namespace

Json render_patch(const Json& pod, const InjectionPlan& plan, const Annotations& annotations) {
  Json patch = Json::array();
  for (const ContainerChange& change : plan.changes) add_variables(pod, change, patch);
  if (!annotations.empty()) add_annotations(pod, annotations, patch);
  return patch;
}

Result<Json> apply_patch(const Json& pod, const Json& patch) {
  try {
    return pod.patch(patch);
  } catch (const Json::exception&) {
    return fail(ErrorKind::kInvalid, "the patch cannot be applied");
  }
}

Status check_patched(const Json& before, const Json& after) {
  for (const char* list : {"containers", "initContainers"}) {
    auto containers =
        check_containers(array_at(before, {"spec", list}), array_at(after, {"spec", list}));
    if (!containers) return containers;
  }
  if (rest_of(before) != rest_of(after)) return broken("more than variables would change");
  if (to_text(after).size() > kPodBytesMax) return broken("the pod would be larger than 1 MiB");
  return check_annotations(after);
}

}  // namespace dualtrace::ctl
