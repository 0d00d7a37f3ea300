#include "agent/intake/admission.h"

#include <chrono>
#include <string>
#include <utility>

namespace dualtrace::agent {
namespace {

// A group commit later there is room again, if the disk keeps up.
constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

Ticket::~Ticket() { shrink_to(0); }

Ticket::Ticket(Ticket&& other) noexcept
    : admission_(std::exchange(other.admission_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

Ticket& Ticket::operator=(Ticket&& other) noexcept {
  if (this != &other) {
    shrink_to(0);
    admission_ = std::exchange(other.admission_, nullptr);
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
  if (bytes > admission_->bytes_max_) {
    ++admission_->refusals_;
    return fail(ErrorKind::kExhausted, "the request needs more memory than the receiver may use");
  }
  Status taken = admission_->take(bytes - bytes_);
  if (taken) {
    bytes_ = bytes;
  }
  return taken;
}

void Ticket::shrink_to(size_t bytes) {
  if (bytes < bytes_) {
    admission_->give_back(bytes_ - bytes);
    bytes_ = bytes;
  }
}

Result<Ticket> Admission::admit(size_t bytes) {
  Ticket ticket;
  ticket.admission_ = this;
  if (Status grown = ticket.grow_to(bytes); !grown) {
    return fail(std::move(grown).error());
  }
  return ticket;
}

Status Admission::take(size_t bytes) {
  size_t held = bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max_ - held) {
      ++refusals_;
      return fail(Error{.kind = ErrorKind::kUnavailable,
                        .message = "the receiver's memory is used up, come back later",
                        .retry_after = kRetryAfter});
    }
  } while (!bytes_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
  return {};
}

void Admission::give_back(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

}  // namespace dualtrace::agent
