// SPDX-License-Identifier: Apache-2.0
#include "operator/status/credential_state.h"

#include "common/time/rfc3339.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

std::string of_lane(const CandidateSummary& candidate, const LaneSummary& lane) {
  return "credential " + candidate.fingerprint + " of " + std::string(to_string(lane.destination));
}

std::string ends(WallTime when, WallTime now) {
  return (when <= now ? " expired at " : " expires at ") + rfc3339(when);
}

}  // namespace

std::optional<Condition> rejected_candidate(const std::vector<LaneSummary>& lanes) {
  for (const LaneSummary& lane : lanes) {
    for (const CandidateSummary& candidate : lane.use.candidates) {
      if (candidate.state.known() != report::CandidateState::kRejected) continue;
      const std::string reason = candidate.reason.empty() ? "" : " (" + candidate.reason + ")";
      const std::string why = candidate.why.empty() ? "" : ": " + cut(candidate.why, 256);
      return make_condition(
          reason::kCredentialRejected,
          "the new " + of_lane(candidate, lane) + " is rejected" + reason + " (on " +
              name_list(candidate.nodes) + ")" + why +
              "; agents use the previous one for as long as it is accepted. Put a valid one into "
              "the Secret before you revoke the previous one");
    }
  }
  return std::nullopt;
}

std::optional<Condition> proving_candidate(const std::vector<LaneSummary>& lanes) {
  for (const LaneSummary& lane : lanes) {
    for (const CandidateSummary& candidate : lane.use.candidates) {
      return make_condition(
          reason::kRotationInProgress,
          "the new " + of_lane(candidate, lane) + " is tried with the next request (on " +
              name_list(candidate.nodes) + "); until then, agents use the previous one");
    }
  }
  return std::nullopt;
}

std::optional<Condition> ends_soon(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  const WallTime soon = facts.now + kExpiryNotice;
  for (const LaneSummary& lane : lanes) {
    const auto found = lane.use.by_fingerprint.find(lane.fingerprint);
    if (found == lane.use.by_fingerprint.end()) continue;
    const CredentialUse::One& one = found->second;
    // Kubernetes renews a projected token by itself.
    if (one.kind.known() == report::CredentialKind::kWorkloadIdentity) continue;
    if (!one.expires || *one.expires > soon) continue;
    return make_condition(reason::kCredentialExpiring,
                          "the credential of " + std::string(to_string(lane.destination)) +
                              ends(*one.expires, facts.now) +
                              "; create a new one and put it into the Secret");
  }
  for (const SecretFact& fact : facts.secrets) {
    if (!fact.expires || *fact.expires > soon) continue;
    const std::string kind = fact.of_config_map ? "ConfigMap" : "Secret";
    return make_condition(reason::kCredentialExpiring,
                          "a certificate under key " + fact.reference.key + " of " + kind + " " +
                              fact.reference.name + " (" + fact.path + ")" +
                              ends(*fact.expires, facts.now) + "; add its replacement to the " +
                              kind);
  }
  return std::nullopt;
}

}  // namespace dualtrace::ctl
