// SPDX-License-Identifier: Apache-2.0
#include "operator/status/lane_summary.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace dualtrace::ctl {
namespace {

const report::Lane* find_lane(const AgentReport& agent, Destination destination) {
  const auto& lanes = agent.says.lanes;
  const auto found = std::find_if(lanes.begin(), lanes.end(), [&](const report::Lane& lane) {
    return lane.name == to_string(destination);
  });
  return found == lanes.end() ? nullptr : &*found;
}

bool is_wanted(const Facts& facts, Destination destination) {
  if (facts.wanted != nullptr) {
    switch (destination) {
      case Destination::kArize:
        return facts.wanted->arize.has_value();
      case Destination::kDatabricks:
        return facts.wanted->databricks.has_value();
    }
  }
  return std::any_of(facts.agents.begin(), facts.agents.end(), [&](const AgentReport& agent) {
    return find_lane(agent, destination) != nullptr;
  });
}

// Facts come in any order; equal ones must give an equal status.
std::vector<const AgentReport*> sorted_agents(const Facts& facts) {
  std::vector<const AgentReport*> agents;
  for (const AgentReport& agent : facts.agents) agents.push_back(&agent);
  std::sort(agents.begin(), agents.end(), [](const AgentReport* a, const AgentReport* b) {
    return std::tie(a->node, a->pod) < std::tie(b->node, b->pod);
  });
  return agents;
}

// A lane that has delivered lately catches up, even if it retries at this moment: it is not late.
bool note_if_late(const AgentReport& agent, const report::Lane& lane, WallTime now,
                  LaneSummary& summary) {
  if (lane.state.known() != LaneState::kRetrying || !lane.oldest_undelivered) return false;
  const WallTime since =
      std::max(*lane.oldest_undelivered, lane.last_delivered.value_or(*lane.oldest_undelivered));
  const WallTime due = since + kNodePatience;
  if (now < due) {
    summary.next_late = std::min(summary.next_late.value_or(due), due);
    return false;
  }
  summary.nodes_late.push_back(agent.node);
  return true;
}

void add_state(const AgentReport& agent, const report::Lane& lane, WallTime now,
               LaneSummary& summary) {
  const bool first_late = note_if_late(agent, lane, now, summary) && summary.nodes_late.size() == 1;
  const std::optional<LaneState> known = lane.state.known();
  if (!known) {
    summary.unknown_state = lane.state.text();
    return;
  }
  const LaneState state = *known;
  if (state == LaneState::kDelivering) summary.any_delivers = true;
  if (state >= LaneState::kRetrying &&
      (summary.nodes_failing.empty() || summary.nodes_failing.back() != agent.node)) {
    summary.nodes_failing.push_back(agent.node);
  }
  const bool worse = !summary.worst || state > *summary.worst;
  if (!worse && !(state == *summary.worst && first_late)) return;
  summary.worst = state;
  const bool fails = state >= LaneState::kRetrying;
  summary.error = fails ? lane.last_error.value_or(report::LastError{}) : report::LastError{};
}

bool in_trouble(const report::Lane& lane) {
  const std::optional<LaneState> state = lane.state.known();
  return lane.spans.backlog > 0 && state && *state >= LaneState::kRetrying;
}

void add_numbers(const report::Lane& lane, LaneSummary& summary) {
  summary.backlog_bytes += lane.backlog_bytes;
  if (lane.oldest_undelivered) {
    summary.oldest_undelivered = std::min(
        summary.oldest_undelivered.value_or(*lane.oldest_undelivered), *lane.oldest_undelivered);
  }
  if (lane.last_delivered) {
    summary.last_delivered =
        std::max(summary.last_delivered.value_or(*lane.last_delivered), *lane.last_delivered);
  }
}

const std::string& content_of(const report::Credential& unusable) {
  return unusable.unusable_fingerprint;
}
const std::string& content_of(const report::ConnectionFile& unusable) {
  return unusable.fingerprint;
}

// `file` is a report::Credential or a report::ConnectionFile.
template <typename File>
CredentialSummary& add_file(const AgentReport& agent, const File& file,
                            std::vector<CredentialSummary>& all) {
  auto same = std::find_if(all.begin(), all.end(),
                           [&](const CredentialSummary& each) { return each.part == file.part; });
  if (same == all.end()) same = all.insert(same, {.part = file.part});
  same->nodes_using[file.fingerprint].push_back(agent.node);
  const auto state = file.state.known();
  if (state == report::CredentialState::kMissing) same->nodes_missing.push_back(agent.node);
  if (state == report::CredentialState::kUnusable) {
    auto& [nodes, why] = same->unusable[content_of(file)];
    nodes.push_back(agent.node);
    if (why.empty()) why = file.why;
  }
  return *same;
}

void take_earliest(std::optional<WallTime>& into, const std::optional<WallTime>& other) {
  if (other) into = std::min(into.value_or(*other), *other);
}

void add_files(const AgentReport& agent, const report::Lane& lane, LaneSummary& summary) {
  for (const report::Credential& credential : lane.credentials) {
    add_file(agent, credential, summary.credentials);
  }
  for (const report::ConnectionFile& file : lane.connection_files) {
    CredentialSummary& same = add_file(agent, file, summary.connection_files);
    take_earliest(same.expires, file.expires);
    take_earliest(same.all_expired, file.all_expired);
  }
}

LossSummary& kind_of_loss(const report::Word<report::LossWord>& word, const std::string& reason,
                          LaneSummary& summary) {
  auto& all = summary.losses;
  auto same = std::find_if(all.begin(), all.end(), [&](const LossSummary& each) {
    return each.word == word && each.reason == reason;
  });
  if (same == all.end()) same = all.insert(same, {.word = word, .reason = reason});
  return *same;
}

void note_newest(const report::Loss& loss, LossSummary& kind) {
  if (!kind.message.empty() && loss.last <= kind.last) return;
  kind.message = loss.message;
  kind.last = loss.last;
}

void add_losses(const AgentReport& agent, const report::Lane& lane, LaneSummary& summary) {
  for (const report::Loss& loss : lane.losses) {
    summary.lost_spans += loss.spans;
    if (loss.last >= summary.last_loss.last) summary.last_loss = loss;
    if (loss.lately == 0) continue;
    LossSummary& kind = kind_of_loss(loss.word, loss.reason, summary);
    kind.spans_on[agent.node] += loss.lately;
    note_newest(loss, kind);
  }
}

// What agents told that no longer report, or that a successor does not repeat. Call after all
// add_losses().
void add_untold_losses(const Facts& facts, LaneSummary& summary) {
  for (const RecentLossFact& fact : facts.recent_losses) {
    if (fact.destination != to_string(summary.destination)) continue;
    LossSummary& kind = kind_of_loss(fact.word, fact.reason, summary);
    uint64_t& spans = kind.spans_on[fact.node];
    if (spans >= fact.spans) continue;
    summary.lost_spans += fact.spans - spans;
    spans = fact.spans;
    const report::Loss loss{
        .word = fact.word, .reason = fact.reason, .last = fact.last, .message = fact.message};
    if (loss.last >= summary.last_loss.last) summary.last_loss = loss;
    note_newest(loss, kind);
  }
}

// Words that only newer agents use come last.
void sort_losses(LaneSummary& summary) {
  const auto rank = [](const LossSummary& loss) {
    return std::make_tuple(loss.word.known().value_or(report::LossWord::kLast),
                           std::cref(loss.word.text()), std::cref(loss.reason));
  };
  std::sort(summary.losses.begin(), summary.losses.end(),
            [&](const LossSummary& a, const LossSummary& b) { return rank(a) < rank(b); });
}

void choose_fingerprint(const std::map<std::string, size_t>& counts, LaneSummary& summary) {
  for (const auto& [fingerprint, count] : counts) {
    if (fingerprint.empty() || count <= summary.agents_with_it) continue;
    summary.fingerprint = fingerprint;
    summary.agents_with_it = count;
  }
  // Each pod has a projected token of its own.
  const auto same_everywhere = [](const CredentialSummary& credential) {
    if (credential.part.known() == CredentialPart::kProjectedToken) {
      return !credential.nodes_using.contains("");
    }
    return credential.nodes_using.size() == 1 && !credential.nodes_using.contains("");
  };
  summary.one_credential =
      summary.agents_with_it == summary.reporting &&
      std::all_of(summary.credentials.begin(), summary.credentials.end(), same_everywhere);
}

LaneSummary summarize(const Facts& facts, const std::vector<const AgentReport*>& agents,
                      Destination destination) {
  LaneSummary summary;
  summary.destination = destination;
  summary.agents = agents.size();
  std::map<std::string, size_t> fingerprints;
  std::vector<std::pair<const AgentReport*, const report::Lane*>> silent_in_trouble;
  for (const AgentReport* agent : agents) {
    const report::Lane* lane = find_lane(*agent, destination);
    if (agent->unreachable) {
      if (summary.silence.empty()) summary.silence = *agent->unreachable;
      if (lane != nullptr && in_trouble(*lane)) silent_in_trouble.push_back({agent, lane});
    }
    if (agent->unreachable || lane == nullptr) {
      summary.use.add(*agent, nullptr);
      continue;
    }
    ++summary.reporting;
    ++fingerprints[lane->credential_fingerprint];
    add_state(*agent, *lane, facts.now, summary);
    add_numbers(*lane, summary);
    add_files(*agent, *lane, summary);
    summary.use.add(*agent, lane);
    add_losses(*agent, *lane, summary);
  }
  // An agent that stopped reporting while it had a problem does not count as healthy.
  for (const auto& [agent, lane] : silent_in_trouble) {
    if (summary.reporting == 0) break;
    add_state(*agent, *lane, facts.now, summary);
    add_numbers(*lane, summary);
  }
  std::sort(summary.nodes_failing.begin(), summary.nodes_failing.end());
  std::sort(summary.nodes_late.begin(), summary.nodes_late.end());
  add_untold_losses(facts, summary);
  sort_losses(summary);
  choose_fingerprint(fingerprints, summary);
  return summary;
}

}  // namespace

// Both destinations may have a `ca`.
const SecretFact* fact_of(const Facts& facts, const LaneSummary& lane,
                          const CredentialSummary& file) {
  const auto part = file.part.known();
  const std::string section = "spec." + std::string(to_string(lane.destination)) + ".";
  const auto found =
      std::find_if(facts.secrets.begin(), facts.secrets.end(), [&](const SecretFact& fact) {
        return part && fact.part == part && fact.path.starts_with(section);
      });
  return found == facts.secrets.end() ? nullptr : &*found;
}

std::vector<LaneSummary> summarize_lanes(const Facts& facts) {
  const std::vector<const AgentReport*> agents = sorted_agents(facts);
  std::vector<LaneSummary> summaries;
  for (const Destination destination : report::kDestinations) {
    if (is_wanted(facts, destination)) {
      summaries.push_back(summarize(facts, agents, destination));
    }
  }
  return summaries;
}

}  // namespace dualtrace::ctl
