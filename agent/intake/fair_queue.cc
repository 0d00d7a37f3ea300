// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/fair_queue.h"

#include <utility>

namespace dualtrace::agent {

FairQueue::~FairQueue() { close(); }

// No item waits forever: items wait only while others are in the sink, and each of those calls
// stored() when it is done.
void FairQueue::append(Item item) {
  bool cancelled = false;
  {
    const Lock lock(mutex_);
    cancelled = closed_;
    if (!cancelled && (!turns_.empty() || !has_room(item.payload.size()))) {
      const PeerShare* const peer = item.peer.get();
      std::deque<Item>& own = waiting_[peer];
      if (own.empty()) turns_.push_back(peer);
      own.push_back(std::move(item));
      return;
    }
    bytes_under_way_ += item.payload.size();
  }
  if (cancelled) return item.stored(fail(ErrorKind::kCancelled, "the agent is shutting down"));
  sink_(std::move(item));
}

void FairQueue::stored(size_t bytes) {
  std::vector<Item> next;
  {
    const Lock lock(mutex_);
    bytes_under_way_ -= bytes;
    while (!turns_.empty() && has_room(waiting_.at(turns_.front()).front().payload.size())) {
      next.push_back(pop());
    }
  }
  for (Item& item : next) sink_(std::move(item));
}

void FairQueue::close() {
  std::vector<Item> rest;
  {
    const Lock lock(mutex_);
    closed_ = true;
    while (!turns_.empty()) rest.push_back(pop());
  }
  for (const Item& item : rest) {
    item.stored(fail(ErrorKind::kCancelled, "the agent is shutting down"));
  }
}

bool FairQueue::has_room(size_t bytes) const {
  return bytes_under_way_ == 0 || bytes_under_way_ + bytes <= bytes_under_way_max_;
}

FairQueue::Item FairQueue::pop() {
  const auto found = waiting_.find(turns_.front());
  Item item = std::move(found->second.front());
  found->second.pop_front();
  if (found->second.empty()) {
    waiting_.erase(found);
  } else {
    turns_.push_back(turns_.front());
  }
  turns_.pop_front();
  bytes_under_way_ += item.payload.size();
  return item;
}

}  // namespace dualtrace::agent
