// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shelf: where a Reflector puts the objects that it reads. An Informer's shelf is a Store with a
// listener; for very many objects, a caller provides a shelf that keeps only what it needs of each.
// Used from one thread, the reflector's, except for size(). No call may block. Objects are prepared
// by make_keepable() (list_watch.h), and each is the newest known state.

#include <cstddef>

#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::kube {

class Shelf {
 public:
  virtual ~Shelf() = default;
  // A list starts; discard the objects of an earlier, unfinished list.
  virtual void begin_list() = 0;
  virtual void list(Json object) = 0;
  // It was listed, and has been deleted since.
  virtual void unlist(const ObjectKey& key) = 0;
  // The list is complete: everything else has been deleted.
  virtual void end_list() = 0;
  // A change, after a list.
  virtual void put(Json object) = 0;
  virtual void remove(const ObjectKey& key) = 0;
  // Thread-safe.
  [[nodiscard]] virtual size_t size() const = 0;
};

}  // namespace dualtrace::kube
