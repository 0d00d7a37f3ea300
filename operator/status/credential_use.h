// SPDX-License-Identifier: Apache-2.0
#pragma once
// CredentialUse: what all agents together say of the credentials that they reach one destination
// with: the one in use, those that are to take its place, the one before. A person rotates a key by
// it: when it says that no node has used the old one for a while, that one may be revoked.
// Pure.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/status/facts.h"

namespace dualtrace::ctl {

// A node that says nothing is waited for as long before an old credential is said to be unused;
// then it is named beside it.
inline constexpr Duration kSilencePatience = std::chrono::minutes(10);
// What shows its end is told of this long before.
inline constexpr Duration kExpiryNotice = std::chrono::hours(7 * 24);

// Those in the same state for the same reason.
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
  // Those before, by fingerprint: the last request that any node sent with it, where one knows.
  std::map<std::string, std::optional<WallTime>> previous{};
  std::vector<std::string> nodes_silent{};  // that say nothing of this destination; sorted

  // `lane` is null for an agent that says nothing. Agents come sorted by node.
  void add(const AgentReport& agent, const report::Lane* lane);
  [[nodiscard]] bool has_candidate(const std::string& node) const;
};

struct LaneSummary;

// status.destinations[].credential
[[nodiscard]] Json credential_json(const LaneSummary& lane, const Facts& facts);

}  // namespace dualtrace::ctl
