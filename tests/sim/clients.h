// SPDX-License-Identifier: Apache-2.0
#pragma once
// Clients: the peers of one agent. Between them and the journal are the Admission and the FairQueue
// of production, which decide which requests are accepted and in which order. Some peers want far
// more than their share, and the quiet ones must not be affected.
// Used from one thread.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/intake/admission.h"
#include "agent/intake/fair_queue.h"
#include "tests/sim/requests.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

struct ClientOptions {
  uint64_t memory_bytes = 0;
  uint64_t under_way_bytes_max = 0;  // on their way to the journal
};

class Clients {
 public:
  // Few enough that the reserve has room for a small amount from each.
  static constexpr size_t kPeers = 6;
  using Stored = std::function<void(const Status&)>;
  using Append = std::function<void(uint32_t request, std::string payload, Stored stored)>;

  // `append` stores a request in the journal.
  Clients(const ClientOptions& options, Requests& requests, Witness& witness, Append append);

  // Throws Violation if a peer does not get its share.
  void send(size_t peer, uint32_t request, std::string payload);
  // Every request was answered, and nothing is held for any of them.
  [[nodiscard]] bool idle() const { return admission_.bytes_admitted() == 0; }

 private:
  using Counts = std::array<uint64_t, kPeers>;
  struct Waiting {
    uint64_t place = 0;  // in its peer's queue, from 1
    Counts handed_on{};  // when it arrived
  };

  void hand_on(FairQueue::Item item);
  [[nodiscard]] bool is_small(size_t peer, size_t bytes) const;

  const ClientOptions options_;
  Requests& requests_;
  Witness& witness_;
  const Append append_;
  Admission admission_;
  std::array<std::shared_ptr<PeerShare>, kPeers> peers_;
  std::array<std::map<uint32_t, Waiting>, kPeers> waiting_;  // by request
  Counts handed_on_{};
  FairQueue queue_;
};

}  // namespace dualtrace::agent::sim
