// SPDX-License-Identifier: Apache-2.0
#pragma once
// FairQueue: the way of records into the journal. The journal writes in the order in which it is
// given; behind a peer that sends much everybody would wait. So only as much as two groups or so
// are under way there, the rest waits here by peer, and peers take turns, a record each.
// Thread-safe: append() is called on the receiver's threads, stored() on the journal's.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/intake/peer_share.h"
#include "common/error/result.h"
#include "common/sync/mutex.h"

namespace dualtrace::agent {

class FairQueue {
 public:
  struct Item {
    std::shared_ptr<PeerShare> peer;  // whose turn it takes; those of nobody take one together
    std::string payload;
    uint32_t spans = 0;
    std::function<void(Status)> stored;  // calls stored() of the queue, too
  };
  // Where items go, in their turn; never called under a lock. It calls stored() once for each.
  using Sink = std::function<void(Item)>;

  FairQueue(size_t bytes_under_way_max, Sink sink)
      : bytes_under_way_max_(bytes_under_way_max), sink_(std::move(sink)) {}
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  void append(Item item);
  // An item of that size has left the sink.
  void stored(size_t bytes);
  // Nothing goes to the sink any more; what waits, and what comes, is told kCancelled.
  void close();

 private:
  [[nodiscard]] bool has_room(size_t bytes) const DT_REQUIRES(mutex_);
  Item pop() DT_REQUIRES(mutex_);

  const size_t bytes_under_way_max_;
  const Sink sink_;
  Mutex mutex_;
  size_t bytes_under_way_ DT_GUARDED_BY(mutex_) = 0;
  std::unordered_map<const PeerShare*, std::deque<Item>> waiting_ DT_GUARDED_BY(mutex_);
  std::deque<const PeerShare*> turns_ DT_GUARDED_BY(mutex_);  // of those that wait
  bool closed_ DT_GUARDED_BY(mutex_) = false;
};

}  // namespace dualtrace::agent
