// SPDX-License-Identifier: Apache-2.0
#pragma once
// Body: the bytes of one request under admission. The budget is charged in doubling steps as bytes
// arrive, so that a client which announces much and sends little cannot hold it; an announced size
// is checked against the limit and the free budget before the first byte is read.
// Used from one thread. The Intake outlives it.

#include <memory>
#include <string>
#include <string_view>

#include "agent/intake/intake.h"

namespace dualtrace::agent {

class Body {
 public:
  // `peer` is who sends it; none is nobody's share.
  Body(Intake& intake, size_t bytes_max, std::shared_ptr<PeerShare> peer = nullptr)
      : intake_(intake), bytes_max_(bytes_max), peer_(std::move(peer)) {}

  // The size the client announced. kExhausted above the limit; else errors as Intake::admit.
  Status expect(uint64_t bytes);
  // Errors as expect(); the bytes are not kept then.
  Status append(std::string_view bytes);

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // Once, at the end: the bytes and the ticket that covers what they take.
  [[nodiscard]] IntakeRequest take();
  // Gives bytes and budget back early.
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
