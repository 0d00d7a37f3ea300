// SPDX-License-Identifier: Apache-2.0
#pragma once
// Store: the objects that an informer has seen, by key and by one index. Only its Informer writes;
// a complete new list replaces the old one atomically. Readers may keep objects as long as they
// like.
// Thread-safe.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "common/kube/object.h"
#include "common/sync/mutex.h"

namespace dualtrace::kube {

using ObjectPointer = std::shared_ptr<const Json>;

class Store {
 public:
  // The value under which select() finds an object; "" leaves it out. Pure.
  using Index = std::function<std::string(const Json&)>;
  explicit Store(Index index = {}) : index_(std::move(index)) {}

  [[nodiscard]] ObjectPointer get(const ObjectKey& key) const;  // nullptr if there is none
  [[nodiscard]] std::vector<ObjectPointer> all() const;
  [[nodiscard]] std::vector<ObjectPointer> select(const std::string& index_value) const;
  [[nodiscard]] size_t size() const;

  // For the Informer. They return the previous content.
  ObjectPointer put(ObjectPointer object);
  ObjectPointer remove(const ObjectKey& key);
  std::map<ObjectKey, ObjectPointer> replace(std::map<ObjectKey, ObjectPointer> objects);

 private:
  void index(const ObjectKey& key, const Json& object) DT_REQUIRES(mutex_);
  void unindex(const ObjectKey& key, const Json& object) DT_REQUIRES(mutex_);

  const Index index_;
  mutable Mutex mutex_;
  std::map<ObjectKey, ObjectPointer> objects_ DT_GUARDED_BY(mutex_);
  std::map<std::string, std::set<ObjectKey>, std::less<>> indexed_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::kube
