// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shelf: where a Reflector puts the objects that it reads. An Informer's shelf is a Store with a
// listener; who keeps very many objects brings one that holds only what it needs of each.
// Used from one thread, the reflector's, but for size(). No call may block. Objects are keepable
// (list_watch.h), and each is the newest state that is known.

#include <cstddef>

#include "common/json/json.h"
#include "common/kube/object.h"

namespace dualtrace::kube {

class Shelf {
 public:
  virtual ~Shelf() = default;
  // A list begins; what came of one that had begun before is to be forgotten.
  virtual void begin_list() = 0;
  virtual void list(Json object) = 0;
  // It was listed, and has gone since.
  virtual void unlist(const ObjectKey& key) = 0;
  // What was listed is all there is: everything else has gone.
  virtual void end_list() = 0;
  // A change, after a list.
  virtual void put(Json object) = 0;
  virtual void remove(const ObjectKey& key) = 0;
  // Thread-safe.
  [[nodiscard]] virtual size_t size() const = 0;
};

}  // namespace dualtrace::kube
