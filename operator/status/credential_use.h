// SPDX-License-Identifier: Apache-2.0
#pragma once
// CredentialUse: the credentials that all agents together use for one destination: the one in use,
// the candidates to replace it, and the previous one. It guides the rotation of a key: once it
// reports that no node has used the old one for a while, the old one can be revoked.
// Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/status/facts.h"

namespace dualtrace::ctl {

// For how long a node that does not report delays the report of an unused credential, from when all
// others have switched. After that, the report names the node.
inline constexpr Duration kSilencePatience = std::chrono::minutes(10);
// Expiry is reported this long in advance, where it is known.
inline constexpr Duration kExpiryNotice = std::chrono::hours(7 * 24);

// Candidates with the same fingerprint, in the same state, for the same reason.
struct CandidateSummary {
  std::string fingerprint;
  report::Word<report::CandidateState> state;
  std::string reason{};
  std::string why{};  // of the first node
  std::vector<std::string> nodes{};
};

struct CredentialUse {
  struct One {
    report::Word<report::CredentialKind> kind{};
    std::optional<WallTime> since{};             // on the first node that has it
    std::optional<WallTime> since_everywhere{};  // on the last one
    std::optional<WallTime> expires{};
    std::string why{};
    std::optional<report::TokenIdentity> identity{};
  };
  std::map<std::string, One> by_fingerprint{};
  std::vector<CandidateSummary> candidates{};  // sorted
  // Previous credentials by fingerprint: when any node last sent a request with it, if known.
  std::map<std::string, std::optional<WallTime>> previous{};
  std::vector<std::string> nodes_silent{};  // that do not report on this destination; sorted

  // `lane` is null for an agent that does not report. Agents come sorted by node.
  void add(const AgentReport& agent, const report::Lane* lane);
  [[nodiscard]] bool has_candidate(const std::string& node) const;
};

struct LaneSummary;

// The credential that every reporting agent uses, in all its parts, if none has a candidate to
// replace it and the Secrets have no other; "" otherwise. Equal texts mean the same credential.
[[nodiscard]] std::string credential_everywhere(const LaneSummary& lane, const Facts& facts);

// status.destinations[].credential
[[nodiscard]] Json credential_json(const LaneSummary& lane, const Facts& facts);

}  // namespace dualtrace::ctl
