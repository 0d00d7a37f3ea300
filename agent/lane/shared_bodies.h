// SPDX-License-Identifier: Apache-2.0
#pragma once
// SharedBodies: lets lanes that merged the very same records share one body, so that it is
// compressed once. A body is kept until every lane has requested it, or newer ones need the room. A
// lane that comes later keeps its own body, and no lane waits. Limits: bytes of the bodies kept,
// and the records in them. A body occupies the same amount again when it is compressed.
// Thread-safe.

#include <list>
#include <memory>
#include <unordered_map>

#include "agent/send/request_body.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class SharedBodies {
 public:
  static constexpr size_t kBytesMax = 8 * 1024 * 1024;
  static constexpr size_t kPartsMax = kBytesMax / 256;  // a record's overhead

  explicit SharedBodies(size_t lanes) : lanes_(lanes) {}

  // Returns the body that another lane made from the same bytes in memory, otherwise this one.
  std::shared_ptr<const RequestBody> share(std::shared_ptr<const RequestBody> body);
  [[nodiscard]] size_t bytes() const;

 private:
  struct Kept {
    std::shared_ptr<const RequestBody> body;
    size_t holders = 1;
  };

  using Place = std::list<Kept>::iterator;

  [[nodiscard]] Place find(const RequestBody& body) DT_REQUIRES(mutex_);
  void forget(Place which) DT_REQUIRES(mutex_);

  const size_t lanes_;
  mutable Mutex mutex_;
  std::list<Kept> kept_ DT_GUARDED_BY(mutex_);  // oldest first
  // By the address of their first record. While a destination is down, thousands of small bodies
  // wait for its lane, and every request of the other lane looks for its own among them.
  std::unordered_multimap<const char*, Place> by_start_ DT_GUARDED_BY(mutex_);
  size_t bytes_ DT_GUARDED_BY(mutex_) = 0;
  size_t parts_ DT_GUARDED_BY(mutex_) = 0;
};

}  // namespace dualtrace::agent
