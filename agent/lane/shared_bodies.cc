#include "agent/lane/shared_bodies.h"

#include <utility>

namespace dualtrace::agent {

std::shared_ptr<const RequestBody> SharedBodies::share(std::shared_ptr<const RequestBody> body) {
  Lock lock(mutex_);
  for (const auto& remembered : bodies_) {
    const auto other = remembered.lock();
    if (other != nullptr && other->plain().is(body->plain())) return other;
  }
  bodies_.push_back(body);
  if (bodies_.size() > kRemembered) bodies_.pop_front();
  return body;
}

}  // namespace dualtrace::agent
