#pragma once
// Admission: the memory budget of everything received and not yet stored, in bytes. A Ticket is
// asked for before bytes are read and gives them back when it dies, so that back-pressure needs no
// message. Thread-safe. The Admission outlives its tickets.

#include <atomic>
#include <cstddef>
#include <cstdint>

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
  // Makes it hold at least `bytes` in all. kUnavailable with a delay hint when the budget is used
  // up; kExhausted when `bytes` alone is above the whole budget. On failure it holds what it held.
  Status grow_to(size_t bytes);
  // Gives back what is above `bytes`.
  void shrink_to(size_t bytes);

 private:
  friend class Admission;
  Admission* admission_ = nullptr;
  size_t bytes_ = 0;
};

class Admission {
 public:
  explicit Admission(size_t bytes_max) : bytes_max_(bytes_max) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // Errors as Ticket::grow_to.
  Result<Ticket> admit(size_t bytes);
  [[nodiscard]] size_t bytes_admitted() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] size_t bytes_max() const { return bytes_max_; }
  [[nodiscard]] uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  friend class Ticket;
  Status take(size_t bytes);
  void give_back(size_t bytes);

  const size_t bytes_max_;
  std::atomic<size_t> bytes_{0};
  std::atomic<uint64_t> refusals_{0};
};

}  // namespace dualtrace::agent
