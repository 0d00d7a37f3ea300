#pragma once
// SharedBodies: lets lanes that merged the very same records hold one body, so that it is
// compressed once. It keeps none alive and waits for nobody: a lane that comes when the other's
// body is gone keeps its own. Limits: remembers so many bodies, the last ones. Thread-safe.

#include <deque>
#include <memory>

#include "agent/send/request_body.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class SharedBodies {
 public:
  static constexpr size_t kRemembered = 16;

  // The body that another lane made of the same bytes in memory, or this one.
  std::shared_ptr<const RequestBody> share(std::shared_ptr<const RequestBody> body);

 private:
  Mutex mutex_;
  std::deque<std::weak_ptr<const RequestBody>> bodies_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
