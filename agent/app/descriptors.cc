// SPDX-License-Identifier: Apache-2.0
#include "agent/app/descriptors.h"

#include <algorithm>

namespace dualtrace::agent {
namespace {

// Logs, listeners, event loops, timers, and certificates and the configuration while they are read.
constexpr uint64_t kProcess = 96;
// The connection limit of the status server.
constexpr uint64_t kStatus = 64;
// The agent's own journal and those of a few predecessors: the lock, segments being written or
// started, and for each lane the cursor, the segment it reads and one that is inspected.
constexpr uint64_t kJournals = 8;
constexpr uint64_t kPerJournal = 4;
constexpr uint64_t kPerJournalLane = 4;
// Per lane: for each request in flight, a connection and one that is being replaced; also name
// resolution, tokens and dead letters.
constexpr uint64_t kPerLane = 24;

}  // namespace

uint64_t descriptors_set_aside(const AgentConfig& config) {
  const uint64_t lanes = config.destinations();
  const uint64_t per_lane = kPerLane + 2 * uint64_t{config.delivery.requests_in_flight};
  return kProcess + kStatus + lanes * per_lane +
         kJournals * (kPerJournal + lanes * kPerJournalLane);
}

uint32_t connections_that_fit(const AgentConfig& config, uint64_t descriptors) {
  const uint64_t aside = descriptors_set_aside(config);
  const uint64_t left = descriptors > aside ? descriptors - aside : 1;
  return static_cast<uint32_t>(std::min<uint64_t>(config.receiver.limits.connections, left));
}

}  // namespace dualtrace::agent
