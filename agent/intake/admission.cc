#include "agent/intake/admission.h"

#include <utility>

namespace dualtrace::agent {
namespace {

constexpr auto kRetryAfter = std::chrono::seconds(1);

Failure above_budget() {
  return fail(ErrorKind::kExhausted, "larger than the whole memory budget");
}

}  // namespace

Ticket::~Ticket() { shrink_to(0); }

Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  std::swap(admission_, other.admission_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Status Ticket::grow_to(size_t bytes) {
  if (bytes <= bytes_) return {};
  if (admission_ == nullptr) return fail(ErrorKind::kInternal, "a ticket of no admission");
  if (bytes > admission_->bytes_max()) return above_budget();
  if (Status taken = admission_->take(bytes - bytes_); !taken) return taken;
  bytes_ = bytes;
  return {};
}

void Ticket::shrink_to(size_t bytes) {
  if (bytes >= bytes_) return;
  admission_->give_back(bytes_ - bytes);
  bytes_ = bytes;
}

Result<Ticket> Admission::admit(size_t bytes) {
  if (Status taken = take(bytes); !taken) return fail(taken.error());
  Ticket ticket;
  ticket.admission_ = this;
  ticket.bytes_ = bytes;
  return ticket;
}

Status Admission::take(size_t bytes) {
  if (bytes > bytes_max_) return above_budget();
  size_t held = bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max_ - held) {
      refusals_.fetch_add(1, std::memory_order_relaxed);
      return fail(Error{ErrorKind::kUnavailable, "the memory budget is used up", kRetryAfter});
    }
  } while (!bytes_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  return {};
}

void Admission::give_back(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

}  // namespace dualtrace::agent
