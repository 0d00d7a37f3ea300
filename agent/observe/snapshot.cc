// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

std::string fingerprint_of(const LaneSnapshot& lane) {
  return lane.credentials.empty() ? "" : lane.credentials.front().fingerprint;
}

std::optional<std::string> why_not_ready(const AgentSnapshot& snapshot) {
  if (!snapshot.listening) return "the receiver does not listen";
  for (const JournalSnapshot& journal : snapshot.journals) {
    if (!journal.adopted && journal.health.refusing) {
      const std::string& known = journal.health.refusal;
      return known.empty() ? "the journal has no room: its disk or its backlog is full" : known;
    }
  }
  return std::nullopt;
}

}  // namespace dualtrace::agent
