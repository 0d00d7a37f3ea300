// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/pod_patch.h"

namespace dualtrace::ctl {
namespace {

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

}  // namespace dualtrace::ctl
