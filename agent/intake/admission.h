// SPDX-License-Identifier: Apache-2.0
#pragma once
// Admission: the memory budget of everything received and not yet stored, in bytes, and its
// division among peers. A Ticket is requested before bytes are read and releases them when it is
// destroyed, so that back-pressure needs no messages.
//
// The division (docs/decisions/0027) only applies if more than half of the budget is in use:
// - An eighth is a reserve for peers that hold a small amount, so that a new one is always
//   admitted.
// - Peers that hold more than that share the rest equally, including what the small ones do not
//   use. A single large peer may therefore use all of it.
// - A single request does not count against its peer's share, as long as it does not touch the
//   reserve.
// Thread-safe. The Admission outlives its tickets.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "agent/intake/peer_share.h"
#include "common/error/result.h"

namespace dualtrace::agent {

class Admission;

// Move-only; used from one thread at a time.
class Ticket {
 public:
  Ticket() = default;
  ~Ticket();
  Ticket(Ticket&& other) noexcept;
  Ticket& operator=(Ticket&& other) noexcept;

  [[nodiscard]] size_t bytes() const { return bytes_; }
  // The peer that sent the bytes; none if no peer did.
  [[nodiscard]] const std::shared_ptr<PeerShare>& peer() const { return peer_; }
  // Grows the ticket to at least `bytes` in total. kUnavailable with a delay hint if the budget is
  // used up; kThrottled, also with a hint, if the peer is over its share; kExhausted if `bytes`
  // alone is above the whole budget. On failure, the ticket is unchanged.
  Status grow_to(size_t bytes);
  // Releases what is above `bytes`.
  void shrink_to(size_t bytes);

 private:
  friend class Admission;
  Admission* admission_ = nullptr;
  std::shared_ptr<PeerShare> peer_;
  size_t bytes_ = 0;
};

class Admission {
 public:
  explicit Admission(size_t bytes_max);
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // Errors as Ticket::grow_to. Without a peer, only the budget is checked.
  Result<Ticket> admit(size_t bytes, std::shared_ptr<PeerShare> peer = nullptr);
  [[nodiscard]] size_t bytes_admitted() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }
  // Changes the budget. What was admitted before stays admitted.
  void set_bytes_max(size_t bytes_max) { bytes_max_.store(bytes_max, std::memory_order_relaxed); }
  // All refusals, and those that only a peer over its share got.
  [[nodiscard]] uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }
  [[nodiscard]] uint64_t share_refusals() const {
    return share_refusals_.load(std::memory_order_relaxed);
  }

 private:
  friend class Ticket;
  Status take(size_t bytes, const Ticket& ticket);
  void give_back(size_t bytes, PeerShare* peer);
  size_t add(PeerShare& share, size_t bytes, std::atomic<ptrdiff_t>& large_ones) const;
  void subtract(PeerShare& share, size_t bytes, std::atomic<ptrdiff_t>& large_ones) const;
  [[nodiscard]] bool allows(const PeerShare& peer, size_t peer_bytes, size_t request_bytes,
                            size_t all_bytes) const;

  std::atomic<size_t> bytes_max_;
  // What a peer may hold, whatever the others hold. Stays that of the first budget, because peers
  // are counted as they cross it.
  const size_t small_bytes_;
  std::atomic<size_t> bytes_{0};
  std::atomic<ptrdiff_t> large_peers_{0};  // groups, and peers without one
  std::atomic<uint64_t> refusals_{0};
  std::atomic<uint64_t> share_refusals_{0};
};

}  // namespace dualtrace::agent
