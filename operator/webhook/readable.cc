// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/readable.h"

#include <algorithm>
#include <string>

namespace dualtrace::ctl {
namespace {

Failure unreadable(std::string_view field) {
  return fail(ErrorKind::kInvalid, std::string(field) + " is missing or has an unexpected type");
}

bool is_there(const Json* value) { return value != nullptr && !value->is_null(); }

bool is_list_of_objects(const Json& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const Json& one) { return one.is_object(); });
}

Status check_env(const Json& container, std::string_view list) {
  for (const char* name : {"env", "envFrom"}) {
    const Json* sources = find(container, {name});
    if (is_there(sources) && !is_list_of_objects(*sources)) {
      return unreadable("spec." + std::string(list) + "[]." + name);
    }
  }
  for (const Json& entry : array_at(container, {"env"})) {
    const Json* value = find(entry, {"value"});
    const Json* source = find(entry, {"valueFrom"});
    if (text_at(entry, {"name"}).empty() || (is_there(value) && !value->is_string()) ||
        (is_there(source) && !source->is_object())) {
      return unreadable("spec." + std::string(list) + "[].env[]");
    }
  }
  for (const Json& source : array_at(container, {"envFrom"})) {
    const Json* prefix = find(source, {"prefix"});
    if (is_there(prefix) && !prefix->is_string()) return unreadable("envFrom[].prefix");
  }
  return {};
}

Status check_containers(const Json& pod, std::string_view list) {
  const Json* containers = find(pod, {"spec", list});
  if (!is_there(containers)) return {};
  if (!is_list_of_objects(*containers)) return unreadable("spec." + std::string(list));
  for (const Json& container : *containers) {
    if (text_at(container, {"name"}).empty()) {
      return unreadable("spec." + std::string(list) + "[].name");
    }
    if (auto env = check_env(container, list); !env) return env;
  }
  return {};
}

}  // namespace

Status check_readable(const Json& pod) {
  const Json* metadata = find(pod, {"metadata"});
  if (metadata == nullptr || !metadata->is_object()) return unreadable("metadata");
  if (const Json* annotations = find(pod, {"metadata", "annotations"}); is_there(annotations)) {
    if (!annotations->is_object() ||
        !std::all_of(annotations->begin(), annotations->end(),
                     [](const Json& value) { return value.is_string(); })) {
      return unreadable("metadata.annotations");
    }
  }
  if (array_at(pod, {"spec", "containers"}).empty()) return unreadable("spec.containers");
  if (auto containers = check_containers(pod, "containers"); !containers) return containers;
  return check_containers(pod, "initContainers");
}

}  // namespace dualtrace::ctl
