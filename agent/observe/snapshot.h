// SPDX-License-Identifier: Apache-2.0
#pragma once
// AgentSnapshot: everything that the agent reports about itself, at one moment. app/ builds it from
// the running parts; status, page, metrics and probes are functions of it alone.
// Immutable.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/lane/lane_status.h"
#include "common/report/report.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct LaneSnapshot {
  LaneStatus status;
  report::CredentialInUse credential{};
  std::vector<report::Credential> credentials;  // the key or token comes first
  std::vector<report::ConnectionFile> connection_files{};
};

struct JournalSnapshot {
  std::string name;      // name of its folder, without the path
  bool adopted = false;  // from a process that no longer runs; only drained
  Journal::Health health;
  Journal::Totals totals;
};

struct AgentSnapshot {
  std::string version;
  WallTime now;
  WallTime started;
  bool listening = false;  // the receiver accepts requests: neither starting nor draining
  report::Configuration configuration;
  std::vector<LaneSnapshot> lanes;
  std::vector<JournalSnapshot> journals;  // the agent's own comes first
  std::string disk;                       // report::Agent::disk
  uint64_t admission_bytes = 0;           // received and not yet stored
  uint64_t admission_bytes_max = 0;
  uint64_t admission_bytes_configured = 0;
  uint64_t memory_limit = 0;  // of the container; 0: none, or not known
  uint64_t admission_refusals = 0;
  uint64_t admission_share_refusals = 0;  // of these, refusals because a client was over its share
};

// The fingerprint of the key or token in use; "" before the first.
[[nodiscard]] std::string fingerprint_of(const LaneSnapshot& lane);

// Whether every file of every destination exists and can be used, and not all its certificates have
// expired.
[[nodiscard]] bool files_loaded(const AgentSnapshot& snapshot);

// Thread-safe: called on the threads of the status server.
using TakeSnapshot = std::function<AgentSnapshot()>;

// Why the agent cannot accept and store spans now; nullopt if it can. Destinations do not matter.
[[nodiscard]] std::optional<std::string> why_not_ready(const AgentSnapshot& snapshot);

}  // namespace dualtrace::agent
