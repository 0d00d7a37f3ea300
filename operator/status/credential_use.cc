// SPDX-License-Identifier: Apache-2.0
#include "operator/status/credential_use.h"

#include <algorithm>
#include <tuple>

#include "common/time/rfc3339.h"
#include "operator/status/lane_summary.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

constexpr size_t kCandidatesTold = 4;
constexpr size_t kTextBytesMax = 256;

void take_earliest(std::optional<WallTime>& into, const std::optional<WallTime>& other) {
  if (other) into = std::min(into.value_or(*other), *other);
}

void take_latest(std::optional<WallTime>& into, const std::optional<WallTime>& other) {
  if (other) into = std::max(into.value_or(*other), *other);
}

void add_candidate(const std::string& node, const report::CandidateCredential& candidate,
                   std::vector<CandidateSummary>& all) {
  const auto key_of = [](const auto& each) {
    return std::tie(each.fingerprint, each.state.text(), each.reason);
  };
  auto same = std::find_if(all.begin(), all.end(), [&](const CandidateSummary& each) {
    return key_of(each) == key_of(candidate);
  });
  if (same == all.end()) {
    // Sorted by the same key, so that equal facts give an equal status.
    same = all.insert(std::find_if(all.begin(), all.end(),
                                   [&](const CandidateSummary& each) {
                                     return key_of(candidate) < key_of(each);
                                   }),
                      {.fingerprint = candidate.fingerprint,
                       .state = candidate.state,
                       .reason = candidate.reason,
                       .why = candidate.why});
  }
  same->nodes.push_back(node);
}

// From the previous status; an empty object if it has none.
const Json& credential_before(const LaneSummary& lane, const Facts& facts) {
  static const Json kNone = Json::object();
  if (facts.previous_status == nullptr) return kNone;
  for (const Json& each : array_at(*facts.previous_status, {"destinations"})) {
    if (text_at(each, {"name"}) != to_string(lane.destination)) continue;
    const Json* found = find(each, {"credential"});
    return found == nullptr ? kNone : *found;
  }
  return kNone;
}

std::optional<WallTime> time_at(const Json& object, std::string_view name) {
  return parse_rfc3339(text_at(object, {name}));
}

const SecretFact* fact_in_use(const LaneSummary& lane, const Facts& facts) {
  const auto found =
      std::find_if(facts.secrets.begin(), facts.secrets.end(), [&](const SecretFact& fact) {
        const bool of_lane =
            fact.path.starts_with("spec." + std::string(to_string(lane.destination)) + ".");
        return of_lane && fact.part && !fact.fingerprint.empty() &&
               fact.fingerprint == lane.fingerprint;
      });
  return found == facts.secrets.end() ? nullptr : &*found;
}

struct Previous {
  std::string fingerprint{};
  std::optional<WallTime> last_used{};  // as far as agents know
};

// The credential before the one in use: as the agents remember it or, if they have restarted, as
// the status does.
Previous previous_credential(const LaneSummary& lane, const Json& before) {
  Previous found;
  for (const auto& [fingerprint, used] : lane.use.previous) {
    if (fingerprint == lane.fingerprint || fingerprint.empty()) continue;
    if (!found.fingerprint.empty() && (!used || (found.last_used && *used < *found.last_used))) {
      continue;
    }
    found = {fingerprint, used};
  }
  if (!found.fingerprint.empty()) return found;
  const std::string_view used_before = text_at(before, {"fingerprint"});
  const bool same = used_before == lane.fingerprint;
  found.fingerprint = same ? text_at(before, {"previousFingerprint"}) : used_before;
  return found;
}

// As the credential itself or as one of its other parts.
bool is_in_use(const LaneSummary& lane, const std::string& fingerprint) {
  return lane.use.by_fingerprint.contains(fingerprint) ||
         std::any_of(lane.credentials.begin(), lane.credentials.end(),
                     [&](const CredentialSummary& credential) {
                       return credential.nodes_using.contains(fingerprint);
                     });
}

bool waits_for_silent_nodes(const LaneSummary& lane, const Facts& facts) {
  if (lane.use.nodes_silent.empty()) return false;
  const auto found = facts.credential_everywhere.find(lane.destination);
  return found == facts.credential_everywhere.end() || found->second < kSilencePatience;
}

// When the previous credential was last used. Once reported, the time stays until an agent uses
// that credential again.
std::optional<WallTime> unused_since(const LaneSummary& lane, const Facts& facts,
                                     const Previous& previous, const Json& before) {
  if (is_in_use(lane, previous.fingerprint)) return std::nullopt;
  std::optional<WallTime> since;
  if (text_at(before, {"fingerprint"}) == lane.fingerprint &&
      text_at(before, {"previousFingerprint"}) == previous.fingerprint) {
    since = time_at(before, "previousCredentialUnusedSince");
  }
  const bool told = since.has_value();
  take_latest(since, previous.last_used);
  if (told) return since;
  if (credential_everywhere(lane, facts).empty() || waits_for_silent_nodes(lane, facts)) {
    return std::nullopt;
  }
  // Not later than when the last node switched to the new one.
  const auto in_use = lane.use.by_fingerprint.find(lane.fingerprint);
  if (!since && in_use != lane.use.by_fingerprint.end()) since = in_use->second.since_everywhere;
  return since.value_or(facts.now);
}

void add_previous(const LaneSummary& lane, const Facts& facts, const Json& before, Json& made) {
  const Previous previous = previous_credential(lane, before);
  if (previous.fingerprint.empty() || lane.fingerprint.empty()) return;
  made["previousFingerprint"] = previous.fingerprint;
  const auto since = unused_since(lane, facts, previous, before);
  if (!since) return;
  made["previousCredentialUnusedSince"] = rfc3339(*since);
  if (lane.use.nodes_silent.empty()) return;
  made["nodesSilent"] = first_names(lane.use.nodes_silent);
}

Json candidates_json(const std::vector<CandidateSummary>& candidates) {
  Json all = Json::array();
  for (size_t i = 0; i < std::min(candidates.size(), kCandidatesTold); ++i) {
    const CandidateSummary& candidate = candidates[i];
    Json made = {{"fingerprint", candidate.fingerprint},
                 {"state", candidate.state.text()},
                 {"nodes", candidate.nodes.size()}};
    if (!candidate.reason.empty()) made["reason"] = candidate.reason;
    if (!candidate.why.empty()) made["message"] = cut(candidate.why, kTextBytesMax);
    all.push_back(std::move(made));
  }
  return all;
}

Json identity_json(const report::TokenIdentity& identity) {
  return {{"issuer", cut(identity.issuer, kTextBytesMax)},
          {"subject", cut(identity.subject, kTextBytesMax)},
          {"audiences", identity.audiences}};
}

void add_one(const LaneSummary& lane, const Json& before, Json& made) {
  const auto found = lane.use.by_fingerprint.find(lane.fingerprint);
  if (found == lane.use.by_fingerprint.end()) return;
  const CredentialUse::One& one = found->second;
  if (!one.kind.text().empty()) made["kind"] = one.kind.text();
  // Agents only know the time since their own start; the status remembers the first use.
  std::optional<WallTime> since = one.since;
  if (since && text_at(before, {"fingerprint"}) == lane.fingerprint) {
    take_earliest(since, time_at(before, "since"));
  }
  if (since) made["since"] = rfc3339(*since);
  if (one.expires) made["expires"] = rfc3339(*one.expires);
  if (one.identity) made["identity"] = identity_json(*one.identity);
  if (!one.why.empty()) made["message"] = cut(one.why, kTextBytesMax);
}

}  // namespace

void CredentialUse::add(const AgentReport& agent, const report::Lane* lane) {
  if (lane == nullptr) {
    if (nodes_silent.empty() || nodes_silent.back() != agent.node) {
      nodes_silent.push_back(agent.node);
    }
    return;
  }
  const report::CredentialInUse& in_use = lane->credential;
  One& one = by_fingerprint[lane->credential_fingerprint];
  if (one.kind.text().empty()) one.kind = in_use.kind;
  take_earliest(one.since, in_use.since);
  take_latest(one.since_everywhere, in_use.since);
  take_earliest(one.expires, in_use.expires);
  if (one.why.empty()) one.why = in_use.why;
  if (!one.identity) one.identity = in_use.identity;
  if (in_use.candidate) add_candidate(agent.node, *in_use.candidate, candidates);
  if (in_use.previous) {
    take_latest(previous[in_use.previous->fingerprint], in_use.previous->last_used);
  }
}

bool CredentialUse::has_candidate(const std::string& node) const {
  return std::any_of(candidates.begin(), candidates.end(), [&](const CandidateSummary& each) {
    return std::find(each.nodes.begin(), each.nodes.end(), node) != each.nodes.end();
  });
}

std::string credential_everywhere(const LaneSummary& lane, const Facts& facts) {
  if (lane.fingerprint.empty() || !lane.one_credential || !lane.use.candidates.empty()) return {};
  std::string all = lane.fingerprint;
  for (const CredentialSummary& credential : lane.credentials) {
    // Each pod has a projected token of its own.
    if (credential.part.known() == CredentialPart::kProjectedToken) continue;
    // A Secret that agents have not seen yet starts the next rotation.
    const bool outdated =
        std::any_of(facts.secrets.begin(), facts.secrets.end(), [&](const SecretFact& fact) {
          return fact.part && credential.part.known() == fact.part && !fact.fingerprint.empty() &&
                 !credential.nodes_using.contains(fact.fingerprint);
        });
    if (outdated) return {};
    for (const auto& [fingerprint, nodes] : credential.nodes_using) all += " " + fingerprint;
  }
  return all;
}

Json credential_json(const LaneSummary& lane, const Facts& facts) {
  const Json& before = credential_before(lane, facts);
  Json made = {{"nodes", std::to_string(lane.agents_with_it) + "/" + std::to_string(lane.agents)}};
  if (!lane.fingerprint.empty()) made["fingerprint"] = lane.fingerprint;
  add_one(lane, before, made);
  const SecretFact* fact = fact_in_use(lane, facts);
  if (fact != nullptr && !fact->version.empty()) made["secretResourceVersion"] = fact->version;
  if (!lane.use.candidates.empty()) made["candidates"] = candidates_json(lane.use.candidates);
  add_previous(lane, facts, before, made);
  return made;
}

}  // namespace dualtrace::ctl
