// SPDX-License-Identifier: Apache-2.0
#pragma once
// Body: the bytes of one request under admission. The budget is charged in doubling steps as bytes
// arrive, so that a client that announces a lot and sends little cannot occupy it. An announced
// size is checked against the limit and the free budget before the first byte is read.
// Used from one thread. The Intake outlives it.

#include <memory>
#include <string>
#include <string_view>

#include "agent/intake/intake.h"

namespace dualtrace::agent {

class Body {
 public:
  // `peer` is the sender; without one, no peer's share is charged.
  Body(Intake& intake, size_t bytes_max, std::shared_ptr<PeerShare> peer = nullptr)
      : intake_(intake), bytes_max_(bytes_max), peer_(std::move(peer)) {}

  // The size that the client announced. kExhausted above the limit; otherwise errors as
  // Intake::admit.
  Status expect(uint64_t bytes);
  // Errors as expect(); then the bytes are not kept.
  Status append(std::string_view bytes);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // Call once, at the end: the bytes and the ticket that covers their memory.
  [[nodiscard]] IntakeRequest take();
  // Releases bytes and budget early.
  void drop();

 private:
  Status cover(size_t bytes);

  Intake& intake_;
  const size_t bytes_max_;
  const std::shared_ptr<PeerShare> peer_;
  size_t bytes_expected_ = 0;  // 0: not announced
  Ticket ticket_;
  std::string bytes_;
};

}  // namespace dualtrace::agent
