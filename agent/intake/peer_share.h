// SPDX-License-Identifier: Apache-2.0
#pragma once
// PeerShare: what one peer holds of the admission. A peer is an address; addresses that one owner
// can have many of (an IPv6 /64) are members of a group, which has a share of its own. Tickets keep
// it alive, so that a peer that hangs up and comes back is still known by what it holds.
// Thread-safe.

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace dualtrace::agent {

class PeerShare {
 public:
  explicit PeerShare(std::shared_ptr<PeerShare> group = nullptr) : group_(std::move(group)) {}
  PeerShare(const PeerShare&) = delete;
  PeerShare& operator=(const PeerShare&) = delete;

  [[nodiscard]] size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] const std::shared_ptr<PeerShare>& group() const { return group_; }

 private:
  friend class Admission;
  std::atomic<size_t> bytes_{0};
  // Of a group: members that hold more than a small amount. Below zero for a moment, when a thread
  // counts one out before another has counted it in.
  std::atomic<ptrdiff_t> large_members_{0};
  const std::shared_ptr<PeerShare> group_;
};

}  // namespace dualtrace::agent
