// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/body.h"

#include <algorithm>

namespace dualtrace::agent {
namespace {

constexpr size_t kFirstStepAnnounced = 64 * 1024;
constexpr size_t kFirstStepUnknown = 16 * 1024;
// Address space, not memory: pages that are not written to are not resident. Saves most bodies a
// copy.
constexpr size_t kReserveMax = 1024 * 1024;

Failure too_large(uint64_t bytes, size_t bytes_max) {
  return fail(ErrorKind::kExhausted, "a request of at least " + std::to_string(bytes) +
                                         " bytes is above the limit of " +
                                         std::to_string(bytes_max) + " bytes; send smaller ones");
}

}  // namespace

Status Body::expect(uint64_t bytes) {
  if (bytes > bytes_max_) return too_large(bytes, bytes_max_);
  if (bytes == 0) return {};
  bytes_expected_ = static_cast<size_t>(bytes);
  Result<Ticket> ticket = intake_.admit(bytes_expected_, peer_);
  if (!ticket) return fail(std::move(ticket).error());
  ticket_ = std::move(ticket).value();
  ticket_.shrink_to(std::min(bytes_expected_, kFirstStepAnnounced));
  bytes_.reserve(std::min(bytes_expected_, kReserveMax));
  return {};
}

Status Body::append(std::string_view bytes) {
  if (bytes.empty()) return {};
  const size_t total = bytes_.size() + bytes.size();
  if (total > bytes_max_) return too_large(total, bytes_max_);
  if (total > ticket_.bytes()) {
    if (Status covered = cover(total); !covered) return covered;
  }
  bytes_.append(bytes);
  return {};
}

Status Body::cover(size_t bytes) {
  size_t step = std::max({bytes, 2 * ticket_.bytes(), kFirstStepUnknown});
  step = std::min(step, std::max(bytes, bytes_expected_ != 0 ? bytes_expected_ : bytes_max_));
  if (ticket_.bytes() == 0) {
    Result<Ticket> ticket = intake_.admit(step, peer_);
    if (!ticket) return fail(std::move(ticket).error());
    ticket_ = std::move(ticket).value();
  } else if (Status grown = ticket_.grow_to(step); !grown) {
    return grown;
  }
  // reserve() would take twice the previous size, which may be more than the receiver has.
  std::string grown;
  grown.reserve(step);
  grown.append(bytes_);
  bytes_ = std::move(grown);
  return {};
}

IntakeRequest Body::take() {
  // A body of unknown size may have unused capacity, which the journal would hold, too.
  if (bytes_.capacity() > bytes_.size() + bytes_.size() / 4) bytes_.shrink_to_fit();
  ticket_.shrink_to(bytes_.capacity());
  return {.body = std::move(bytes_), .ticket = std::move(ticket_)};
}

void Body::drop() {
  ticket_ = Ticket();
  bytes_ = std::string();
}

}  // namespace dualtrace::agent
