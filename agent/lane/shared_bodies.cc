// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/shared_bodies.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dualtrace::agent {

namespace {

const char* start_of(const RequestBody& body) {
  const auto parts = body.plain().parts();
  return parts.empty() ? nullptr : parts.front().data();
}

}  // namespace

std::shared_ptr<const RequestBody> SharedBodies::share(std::shared_ptr<const RequestBody> body) {
  if (lanes_ < 2) return body;
  Lock lock(mutex_);
  if (const Place same = find(*body); same != kept_.end()) {
    body = same->body;
    if (++same->holders == lanes_) forget(same);
    return body;
  }
  kept_.push_back({body});
  by_start_.emplace(start_of(*body), std::prev(kept_.end()));
  bytes_ += body->size();
  parts_ += body->plain().parts().size();
  while (bytes_ > kBytesMax || parts_ > kPartsMax) forget(kept_.begin());
  return body;
}

SharedBodies::Place SharedBodies::find(const RequestBody& body) {
  const auto [first, last] = by_start_.equal_range(start_of(body));
  const auto same = std::find_if(
      first, last, [&](const auto& entry) { return entry.second->body->plain().is(body.plain()); });
  return same == last ? kept_.end() : same->second;
}

void SharedBodies::forget(Place which) {
  const auto [first, last] = by_start_.equal_range(start_of(*which->body));
  by_start_.erase(
      std::find_if(first, last, [&](const auto& entry) { return entry.second == which; }));
  bytes_ -= which->body->size();
  parts_ -= which->body->plain().parts().size();
  kept_.erase(which);
}

size_t SharedBodies::bytes() const {
  Lock lock(mutex_);
  return bytes_;
}

}  // namespace dualtrace::agent
