#include "agent/lane/shared_bodies.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {

std::shared_ptr<const RequestBody> SharedBodies::share(std::shared_ptr<const RequestBody> body) {
  if (lanes_ < 2) return body;
  Lock lock(mutex_);
  const auto same = std::find_if(kept_.begin(), kept_.end(), [&body](const Kept& kept) {
    return kept.body->plain().is(body->plain());
  });
  if (same != kept_.end()) {
    body = same->body;
    if (++same->holders < lanes_) return body;
    forget(same);
    return body;
  }
  kept_.push_back({body});
  bytes_ += body->size();
  parts_ += body->plain().parts().size();
  while (bytes_ > kBytesMax || parts_ > kPartsMax) forget(kept_.begin());
  return body;
}

void SharedBodies::forget(std::deque<Kept>::iterator which) {
  bytes_ -= which->body->size();
  parts_ -= which->body->plain().parts().size();
  kept_.erase(which);
}

size_t SharedBodies::bytes() const {
  Lock lock(mutex_);
  return bytes_;
}

}  // namespace dualtrace::agent
