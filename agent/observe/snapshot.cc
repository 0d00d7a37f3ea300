// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot.h"

#include <algorithm>

namespace dualtrace::agent {

std::string fingerprint_of(const LaneSnapshot& lane) {
  return lane.credentials.empty() ? "" : lane.credentials.front().fingerprint;
}

bool files_loaded(const AgentSnapshot& snapshot) {
  const auto loaded = [](const auto& file) {
    return file.state == report::CredentialState::kLoaded;
  };
  const auto valid = [&](const report::ConnectionFile& file) {
    return loaded(file) && !(file.all_expired && *file.all_expired <= snapshot.now);
  };
  return std::all_of(snapshot.lanes.begin(), snapshot.lanes.end(), [&](const LaneSnapshot& lane) {
    return std::all_of(lane.credentials.begin(), lane.credentials.end(), loaded) &&
           std::all_of(lane.connection_files.begin(), lane.connection_files.end(), valid);
  });
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
