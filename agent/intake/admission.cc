// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/admission.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace dualtrace::agent {
namespace {

// After a group commit there is room again, if the disk keeps up.
constexpr std::chrono::seconds kRetryAfter{1};
constexpr size_t kReserveDivisor = 8;
constexpr size_t kSmallDivisor = 64;

size_t count_of(const std::atomic<ptrdiff_t>& large_ones) {
  return static_cast<size_t>(std::max<ptrdiff_t>(large_ones.load(std::memory_order_relaxed), 1));
}

Failure come_back_later(ErrorKind kind, std::string message) {
  return fail(Error{.kind = kind, .message = std::move(message), .retry_after = kRetryAfter});
}

}  // namespace

Ticket::~Ticket() { shrink_to(0); }

Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      peer_(std::move(other.peer_)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    shrink_to(0);
    admission_ = std::exchange(other.admission_, nullptr);
    peer_ = std::move(other.peer_);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

Status Ticket::grow_to(size_t bytes) {
  if (bytes <= bytes_) {
    return {};
  }
  if (admission_ == nullptr) {
    return fail(ErrorKind::kInternal, "a ticket without an admission cannot grow");
  }
  if (bytes > admission_->bytes_max()) {
    ++admission_->refusals_;
    return fail(ErrorKind::kExhausted, "the request needs more memory than the receiver may use");
  }
  Status taken = admission_->take(bytes - bytes_, *this);
  if (taken) {
    bytes_ = bytes;
  }
  return taken;
}

void Ticket::shrink_to(size_t bytes) {
  if (bytes < bytes_) {
    admission_->give_back(bytes_ - bytes, peer_.get());
    bytes_ = bytes;
  }
}

Admission::Admission(size_t bytes_max)
    : bytes_max_(bytes_max), small_bytes_(bytes_max / kSmallDivisor) {}

Result<Ticket> Admission::admit(size_t bytes, std::shared_ptr<PeerShare> peer) {
  Ticket ticket;
  ticket.admission_ = this;
  ticket.peer_ = std::move(peer);
  if (Status grown = ticket.grow_to(bytes); !grown) {
    return fail(std::move(grown).error());
  }
  return ticket;
}

// Reserves first and checks afterwards: concurrent callers then see each other's reservations, and
// one is refused if both together exceed the budget.
Status Admission::take(size_t bytes, const Ticket& ticket) {
  size_t held = bytes_.load(std::memory_order_relaxed);
  do {
    if (held + bytes > bytes_max()) {
      ++refusals_;
      return come_back_later(ErrorKind::kUnavailable,
                             "the receiver's memory is used up; retry later");
    }
  } while (!bytes_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  PeerShare* const peer = ticket.peer_.get();
  if (peer == nullptr) return {};
  PeerShare* const group = peer->group_.get();
  if (group != nullptr) add(*group, bytes, large_peers_);
  const size_t peer_bytes =
      add(*peer, bytes, group != nullptr ? group->large_members_ : large_peers_);
  if (allows(*peer, peer_bytes, ticket.bytes_ + bytes, held + bytes)) return {};
  give_back(bytes, peer);
  ++refusals_;
  ++share_refusals_;
  return come_back_later(ErrorKind::kThrottled,
                         "this client already has " + std::to_string(peer_bytes - bytes) +
                             " bytes in flight, its share of the receiver's memory; send fewer"
                             " requests at a time, or retry later");
}

bool Admission::allows(const PeerShare& peer, size_t peer_bytes, size_t request_bytes,
                       size_t all_bytes) const {
  const PeerShare* const group = peer.group_.get();
  const size_t group_bytes = group != nullptr ? group->bytes() : peer_bytes;
  const size_t budget = bytes_max();
  if (group_bytes <= small_bytes_ || all_bytes <= budget / 2) return true;
  // Pods of one IPv6 node are one network: its quiet ones are admitted, too, but cannot fill the
  // reserve.
  const size_t reserve = budget / kReserveDivisor;
  const size_t shared = budget - reserve;
  if (peer_bytes <= small_bytes_ && all_bytes <= shared + reserve / 2) return true;
  // A single request may use the others' part: otherwise, a budget of one request would never admit
  // it.
  if (all_bytes > shared && all_bytes != request_bytes) return false;
  if (group_bytes == request_bytes) return true;
  size_t share = shared / count_of(large_peers_);
  if (group_bytes > share) return false;
  if (group == nullptr || peer_bytes <= small_bytes_ || peer_bytes == request_bytes) return true;
  share /= count_of(group->large_members_);
  return peer_bytes <= share;
}

// Whenever a share crosses the small amount, exactly one of these calls sees it, whatever the order
// of the threads, so that the large ones are counted correctly.
size_t Admission::add(PeerShare& share, size_t bytes, std::atomic<ptrdiff_t>& large_ones) const {
  const size_t before = share.bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (before <= small_bytes_ && before + bytes > small_bytes_) ++large_ones;
  return before + bytes;
}

void Admission::subtract(PeerShare& share, size_t bytes, std::atomic<ptrdiff_t>& large_ones) const {
  const size_t before = share.bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  if (before > small_bytes_ && before - bytes <= small_bytes_) --large_ones;
}

void Admission::give_back(size_t bytes, PeerShare* peer) {
  bytes_.fetch_sub(bytes, std::memory_order_relaxed);
  if (peer == nullptr) return;
  PeerShare* const group = peer->group_.get();
  subtract(*peer, bytes, group != nullptr ? group->large_members_ : large_peers_);
  if (group != nullptr) subtract(*group, bytes, large_peers_);
}

}  // namespace dualtrace::agent
