// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/clients.h"

#include <algorithm>
#include <utility>

#include "tests/sim/trace.h"

namespace dualtrace::agent::sim {
namespace {

// The amount that a peer may hold whatever the others do (docs/decisions/0027).
constexpr uint64_t kSmallDivisor = 64;

}  // namespace

Clients::Clients(const ClientOptions& options, Requests& requests, Witness& witness, Append append)
    : options_(options),
      requests_(requests),
      witness_(witness),
      append_(std::move(append)),
      admission_(options.memory_bytes),
      queue_(options.under_way_bytes_max,
             [this](FairQueue::Item item) { hand_on(std::move(item)); }) {
  for (auto& peer : peers_) peer = std::make_shared<PeerShare>();
}

void Clients::send(size_t peer, uint32_t request, std::string payload) {
  const size_t bytes = payload.size();
  Result<Ticket> admitted = admission_.admit(bytes, peers_[peer]);
  if (!admitted) {
    if (is_small(peer, bytes)) {
      throw Violation{"request " + std::to_string(request) + " of a peer that wants little is " +
                      "refused: " + admitted.error().message};
    }
    return witness_.answered(request, fail(std::move(admitted).error()));
  }
  waiting_[peer].emplace(request, Waiting{waiting_[peer].size() + 1, handed_on_});
  auto stored = [this, bytes,
                 ticket = std::make_shared<Ticket>(*std::move(admitted))](const Status& status) {
    ticket->shrink_to(0);
    // Cancelled with the dead process, so it was never on its way to the journal.
    if (status || status.error().kind != ErrorKind::kCancelled) queue_.stored(bytes);
  };
  queue_.append({.peer = peers_[peer],
                 .payload = std::move(payload),
                 .spans = requests_[request].spans,
                 .stored = std::move(stored)});
}

// While an item waits, each other peer gets at most as many turns as the item's place in its queue.
void Clients::hand_on(FairQueue::Item item) {
  const auto peer =
      static_cast<size_t>(std::find(peers_.begin(), peers_.end(), item.peer) - peers_.begin());
  const uint32_t request = requests_.request_in(item.payload);
  const Waiting waited = waiting_[peer].extract(request).mapped();
  for (size_t other = 0; other < kPeers; ++other) {
    if (other == peer || handed_on_[other] - waited.handed_on[other] <= waited.place) continue;
    throw Violation{"request " + std::to_string(request) + " waits for more than its turns"};
  }
  ++handed_on_[peer];
  append_(request, std::move(item.payload), std::move(item.stored));
}

bool Clients::is_small(size_t peer, size_t bytes) const {
  return peers_[peer]->bytes() + bytes <= options_.memory_bytes / kSmallDivisor;
}

}  // namespace dualtrace::agent::sim
