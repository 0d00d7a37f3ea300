// SPDX-License-Identifier: Apache-2.0
#pragma once
// PeerShare: how much of the admission memory one peer holds. A peer is an address. Addresses of
// which one owner can have many (an IPv6 /64) are members of a group, which has its own share.
// Tickets keep the object alive, so that what a peer holds still counts after it reconnects.
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
  // For a group: the number of members that hold more than a small amount. Below zero for a moment
  // when one thread removes a member before another thread has counted it.
  std::atomic<ptrdiff_t> large_members_{0};
  const std::shared_ptr<PeerShare> group_;
};

}  // namespace dualtrace::agent
