// SPDX-License-Identifier: Apache-2.0
#include "operator/status/credential_state.h"

#include "common/time/rfc3339.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

std::string of_lane(const CandidateSummary& candidate, const LaneSummary& lane) {
  return "credential " + candidate.fingerprint + " of " + std::string(to_string(lane.destination));
}

// " (AuthRejected) (on node-01): the destination's message"
std::string because(const CandidateSummary& candidate) {
  const std::string reason = candidate.reason.empty() ? "" : " (" + candidate.reason + ")";
  const std::string why = candidate.why.empty() ? "" : ": " + cut(candidate.why, 256);
  return reason + " (on " + name_list(candidate.nodes) + ")" + why;
}

std::string ends(WallTime when, WallTime now) {
  return (when <= now ? " expired at " : " expires at ") + rfc3339(when);
}

// The operator's own reading of an authority or, where it may not read it, the agents'.
template <typename EndOf>
std::optional<WallTime> end_of_authority(const SecretFact& fact, const Facts& facts,
                                         const std::vector<LaneSummary>& lanes,
                                         const EndOf& end_of) {
  if (fact.state != SecretFact::State::kUnreadable) return end_of(fact);
  for (const LaneSummary& lane : lanes) {
    for (const CredentialSummary& file : lane.connection_files) {
      if (fact_of(facts, lane, file) == &fact) return end_of(file);
    }
  }
  return std::nullopt;
}

// The first credential in use, then the first authority, that ends by then. `end_of` an authority,
// a SecretFact or a CredentialSummary.
template <typename EndOf>
std::optional<Condition> first_end(const Facts& facts, const std::vector<LaneSummary>& lanes,
                                   WallTime by, const Reason& reason, const EndOf& end_of) {
  for (const LaneSummary& lane : lanes) {
    const auto found = lane.use.by_fingerprint.find(lane.fingerprint);
    if (found == lane.use.by_fingerprint.end()) continue;
    const CredentialUse::One& one = found->second;
    // Kubernetes renews a projected token by itself.
    if (one.kind.known() == report::CredentialKind::kWorkloadIdentity) continue;
    if (!one.expires || *one.expires > by) continue;
    return make_condition(reason, "the credential of " + std::string(to_string(lane.destination)) +
                                      ends(*one.expires, facts.now) +
                                      "; create a new one and put it into the Secret");
  }
  for (const SecretFact& fact : facts.secrets) {
    const auto end = end_of_authority(fact, facts, lanes, end_of);
    if (!end || *end > by) continue;
    return make_condition(reason, "a certificate under key " + fact.reference.key + " of " +
                                      fact.kind() + " " + fact.reference.name + " (" + fact.path +
                                      ")" + ends(*end, facts.now) +
                                      "; add its replacement to the " + fact.kind());
  }
  return std::nullopt;
}

}  // namespace

std::optional<Condition> rejected_candidate(const std::vector<LaneSummary>& lanes) {
  for (const LaneSummary& lane : lanes) {
    for (const CandidateSummary& candidate : lane.use.candidates) {
      if (candidate.state.known() != report::CandidateState::kRejected) continue;
      return make_condition(
          reason::kCredentialRejected,
          "the new " + of_lane(candidate, lane) + " is rejected" + because(candidate) +
              "; agents use the previous one for as long as it is accepted. Put a valid one into "
              "the Secret before you revoke the previous one");
    }
  }
  return std::nullopt;
}

// What keeps a candidate from being tried comes before one that only waits for a request.
std::optional<Condition> proving_candidate(const std::vector<LaneSummary>& lanes) {
  std::optional<Condition> waits;
  for (const LaneSummary& lane : lanes) {
    for (const CandidateSummary& candidate : lane.use.candidates) {
      const std::string what = "the new " + of_lane(candidate, lane);
      if (!candidate.why.empty()) {
        return make_condition(reason::kRotationInProgress,
                              what + " cannot be tried yet" + because(candidate) +
                                  "; agents retry, and use the previous one meanwhile");
      }
      if (waits) continue;
      waits = make_condition(
          reason::kRotationInProgress,
          what + " is tried with the next request (on " + name_list(candidate.nodes) +
              "); until then, agents use the previous one. To switch a node that "
              "has no spans to send, restart its agent");
    }
  }
  return waits;
}

std::optional<Condition> expired(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  return first_end(facts, lanes, facts.now, reason::kCredentialExpired,
                   [](const auto& authority) { return authority.all_expired; });
}

std::optional<Condition> ends_soon(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  return first_end(facts, lanes, facts.now + kExpiryNotice, reason::kCredentialExpiring,
                   [](const auto& authority) { return authority.expires; });
}

}  // namespace dualtrace::ctl
