// SPDX-License-Identifier: Apache-2.0
#include "common/kube/object.h"

namespace dualtrace::kube {

std::string ObjectKey::to_string() const {
  return namespace_name.empty() ? name : namespace_name + "/" + name;
}

ObjectKey key_of(const Json& object) {
  return {.namespace_name = std::string(text_at(object, {"metadata", "namespace"})),
          .name = std::string(text_at(object, {"metadata", "name"}))};
}

bool is_ending(const Json& object) {
  return !text_at(object, {"metadata", "deletionTimestamp"}).empty();
}

std::string ResourceType::api_version() const {
  if (group.empty()) return std::string(version);
  return std::string(group).append("/").append(version);
}

std::string ResourceType::collection_path(std::string_view namespace_name) const {
  std::string path = (group.empty() ? "/api/" : "/apis/") + api_version();
  if (!namespace_name.empty()) path.append("/namespaces/").append(namespace_name);
  return path.append("/").append(plural);
}

std::string ResourceType::object_path(const ObjectKey& key) const {
  return collection_path(key.namespace_name) + "/" + key.name;
}

}  // namespace dualtrace::kube
