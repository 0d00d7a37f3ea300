// SPDX-License-Identifier: Apache-2.0
#pragma once
// FairQueue: feeds records to the journal. The journal writes records in the order in which it
// receives them, so everyone would wait behind a peer that sends a lot. Therefore the journal gets
// only about two groups at a time. Further records wait here by peer, and peers take turns, one
// record each.
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
    std::shared_ptr<PeerShare> peer;  // whose turn it takes; items without a peer share one turn
    std::string payload;
    uint32_t spans = 0;
    std::function<void(Status)> stored;  // also calls stored() of the queue
  };
  // Receives the items in turn; never called under a lock. It must call stored() once for each.
  using Sink = std::function<void(Item)>;

  FairQueue(size_t bytes_under_way_max, Sink sink)
      : bytes_under_way_max_(bytes_under_way_max), sink_(std::move(sink)) {}
  ~FairQueue();
  FairQueue(const FairQueue&) = delete;
  FairQueue& operator=(const FairQueue&) = delete;

  void append(Item item);
  // An item of that size has left the sink.
  void stored(size_t bytes);
  // Stops the queue: waiting and new items end with kCancelled instead of reaching the sink.
  void close();

 private:
  [[nodiscard]] bool has_room(size_t bytes) const DT_REQUIRES(mutex_);
  Item pop() DT_REQUIRES(mutex_);

  const size_t bytes_under_way_max_;
  const Sink sink_;
  Mutex mutex_;
  size_t bytes_under_way_ DT_GUARDED_BY(mutex_) = 0;
  std::unordered_map<const PeerShare*, std::deque<Item>> waiting_ DT_GUARDED_BY(mutex_);
  std::deque<const PeerShare*> turns_ DT_GUARDED_BY(mutex_);  // peers with waiting items
  bool closed_ DT_GUARDED_BY(mutex_) = false;
};

}  // namespace dualtrace::agent
