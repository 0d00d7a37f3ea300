// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot.h"

namespace dualtrace::agent {

std::string fingerprint_of(const LaneSnapshot& lane) {
  return lane.credentials.empty() ? "" : lane.credentials.front().fingerprint;
}

std::optional<std::string> why_not_ready(const AgentSnapshot& snapshot) {
  if (!snapshot.listening) return "the receiver is not listening";
  for (const JournalSnapshot& journal : snapshot.journals) {
    if (!journal.adopted && journal.health.refusing) {
      const std::string& known = journal.health.refusal;
      return known.empty()
                 ? "the journal is full: its disk is full or its backlog has reached the limit"
                 : known;
    }
  }
  return std::nullopt;
}

}  // namespace dualtrace::agent
