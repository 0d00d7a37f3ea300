// SPDX-License-Identifier: Apache-2.0
#include "common/kube/store.h"

#include <utility>

namespace dualtrace::kube {

ObjectPointer Store::get(const ObjectKey& key) const {
  const Lock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second;
}

std::vector<ObjectPointer> Store::all() const {
  const Lock lock(mutex_);
  std::vector<ObjectPointer> objects;
  objects.reserve(objects_.size());
  for (const auto& [key, object] : objects_) objects.push_back(object);
  return objects;
}

std::vector<ObjectPointer> Store::select(const std::string& index_value) const {
  const Lock lock(mutex_);
  std::vector<ObjectPointer> objects;
  const auto keys = indexed_.find(index_value);
  if (keys == indexed_.end()) return objects;
  objects.reserve(keys->second.size());
  for (const ObjectKey& key : keys->second) objects.push_back(objects_.at(key));
  return objects;
}

size_t Store::size() const {
  const Lock lock(mutex_);
  return objects_.size();
}

ObjectPointer Store::put(ObjectPointer object) {
  const ObjectKey key = key_of(*object);
  const Lock lock(mutex_);
  ObjectPointer& place = objects_[key];
  if (place) unindex(key, *place);
  index(key, *object);
  return std::exchange(place, std::move(object));
}

ObjectPointer Store::remove(const ObjectKey& key) {
  const Lock lock(mutex_);
  const auto node = objects_.extract(key);
  if (node.empty()) return nullptr;
  unindex(key, *node.mapped());
  return node.mapped();
}

std::map<ObjectKey, ObjectPointer> Store::replace(std::map<ObjectKey, ObjectPointer> objects) {
  const Lock lock(mutex_);
  objects_.swap(objects);
  indexed_.clear();
  for (const auto& [key, object] : objects_) index(key, *object);
  return objects;
}

void Store::index(const ObjectKey& key, const Json& object) {
  if (!index_) return;
  const std::string value = index_(object);
  if (!value.empty()) indexed_[value].insert(key);
}

void Store::unindex(const ObjectKey& key, const Json& object) {
  if (!index_) return;
  const auto keys = indexed_.find(index_(object));
  if (keys == indexed_.end()) return;
  keys->second.erase(key);
  if (keys->second.empty()) indexed_.erase(keys);
}

}  // namespace dualtrace::kube
