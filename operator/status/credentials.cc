// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>

#include "operator/status/conditions.h"
#include "operator/status/credential_state.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using State = SecretFact::State;

// Problems of a key, worst first, each with what to do.
struct KeyFault {
  State state;
  Reason reason;
  std::string_view advice;
  bool of_key;  // or of the whole Secret
};
constexpr std::array kKeyFaults = {
    KeyFault{State::kSecretMissing, reason::kSecretMissing,
             "does not exist in the export's namespace; create it", false},
    KeyFault{State::kKeyMissing, reason::kKeyMissing,
             "does not exist; add it there, or name the key that has the value", true},
    KeyFault{State::kValueEmpty, reason::kValueEmpty, "is empty; store the value in it", true},
    KeyFault{State::kSpaceIdMalformed, reason::kSpaceIdMalformed,
             "is not a space id; Arize would answer OK and store nothing. Use the base64 id of the "
             "space, not its name",
             true},
};

// "Secret arize (spec.arize.credentials)", "key token of Secret databricks (spec.…)"
std::string where(const SecretFact& fact, bool of_key) {
  const std::string secret = fact.kind() + " " + fact.reference.name;
  return (of_key ? "key " + fact.reference.key + " of " + secret : secret) + " (" + fact.path + ")";
}

std::vector<std::string> all_with(const Facts& facts, State state, bool of_key) {
  std::vector<std::string> found;
  for (const SecretFact& fact : facts.secrets) {
    if (fact.state == state) found.push_back(where(fact, of_key));
  }
  return found;
}

bool agents_have_loaded(const std::vector<LaneSummary>& lanes) {
  return !lanes.empty() && std::all_of(lanes.begin(), lanes.end(), [](const LaneSummary& lane) {
    return lane.reporting > 0 && lane.reporting == lane.agents && lane.one_credential;
  });
}

// What agents report about one file.
struct Reported {
  const LaneSummary* lane;
  const CredentialSummary* file;
  bool of_connection;
};

// The credentials themselves first.
std::vector<Reported> all_reported(const std::vector<LaneSummary>& lanes) {
  std::vector<Reported> all;
  for (const LaneSummary& lane : lanes) {
    for (const CredentialSummary& file : lane.credentials) all.push_back({&lane, &file, false});
  }
  for (const LaneSummary& lane : lanes) {
    for (const CredentialSummary& file : lane.connection_files) {
      all.push_back({&lane, &file, true});
    }
  }
  return all;
}

const SecretFact* fact_of(const Facts& facts, const Reported& reported) {
  return fact_of(facts, *reported.lane, *reported.file);
}

// "key api-key of Secret arize (spec.arize.credentials)", or the part's name if the key is not
// known.
std::string where(const Facts& facts, const Reported& reported) {
  const SecretFact* fact = fact_of(facts, reported);
  return fact == nullptr ? reported.file->part.text() : where(*fact, true);
}

// An operator that has just started has not observed for how long the values have differed.
bool was_not_taken(const Facts& facts) {
  const Json* before = previous_condition(facts, kCredentialsType);
  return before != nullptr && text_at(*before, {"reason"}) == reason::kSecretNotTaken.name;
}

bool differ_for_long(const Facts& facts) {
  return facts.credentials_differ >= kSyncPatience || was_not_taken(facts);
}

bool is_one_of(const std::vector<std::string>& sorted, const std::string& node) {
  return std::binary_search(sorted.begin(), sorted.end(), node);
}

// Nodes, sorted, that use a different value from the Secret's, or none, and have no candidate to
// replace it. Only a credential has candidates. A file of connections that is there but has no
// fingerprint could not be read, so nothing is known of its content.
std::vector<std::string> nodes_that_differ(const SecretFact& fact, const Reported& reported) {
  const CredentialSummary& file = *reported.file;
  std::vector<std::string> nodes =
      reported.of_connection ? file.nodes_missing : std::vector<std::string>();
  for (const auto& [fingerprint, using_it] : file.nodes_using) {
    if (fingerprint == fact.fingerprint) continue;
    if (reported.of_connection && fingerprint.empty()) continue;
    std::copy_if(using_it.begin(), using_it.end(), std::back_inserter(nodes),
                 [&](const std::string& node) {
                   return reported.of_connection || !reported.lane->use.has_candidate(node);
                 });
  }
  std::sort(nodes.begin(), nodes.end());
  return nodes;
}

// Nodes, sorted, that have differed for longer than a sync takes: to correct the Secret once more
// would not help them.
std::vector<std::string> nodes_left_behind(const Facts& facts, const Reported& reported) {
  const SecretFact* fact = fact_of(facts, reported);
  if (fact == nullptr || fact->fingerprint.empty() || !differ_for_long(facts)) return {};
  return nodes_that_differ(*fact, reported);
}

std::optional<Condition> unusable(const Facts& facts, const Reported& reported) {
  const SecretFact* fact = fact_of(facts, reported);
  const std::vector<std::string> left_behind = nodes_left_behind(facts, reported);
  for (const auto& [content, found] : reported.file->unusable) {
    const bool is_another =
        fact != nullptr && !content.empty() && content != fact->fingerprint &&
        std::all_of(found.nodes.begin(), found.nodes.end(),
                    [&](const std::string& node) { return is_one_of(left_behind, node); });
    if (is_another) continue;
    return make_condition(reason::kValueUnusable, where(facts, reported) + " cannot be used (on " +
                                                      name_list(found.nodes) + "): " + found.why);
  }
  return std::nullopt;
}

std::optional<Condition> missing(const Facts& facts, const Reported& reported) {
  const std::vector<std::string> left_behind = nodes_left_behind(facts, reported);
  std::vector<std::string> nodes = reported.file->nodes_missing;
  std::erase_if(nodes, [&](const std::string& node) { return is_one_of(left_behind, node); });
  if (nodes.empty()) return std::nullopt;
  const SecretFact* fact = fact_of(facts, reported);
  const std::string kind = fact == nullptr ? "Secret" : fact->kind();
  return make_condition(reason::kNotMounted,
                        "agents cannot find " + where(facts, reported) + " (on " +
                            name_list(nodes) + "): if the " + kind +
                            " or the key does not exist, create it; a new one reaches the "
                            "agents within two minutes");
}

// The worst problem that agents find in their mounted files, whether or not spans arrive.
std::optional<Condition> found_by_agents(const Facts& facts,
                                         const std::vector<LaneSummary>& lanes) {
  const std::vector<Reported> all = all_reported(lanes);
  for (const Reported& reported : all) {
    if (auto found = unusable(facts, reported)) return found;
  }
  for (const Reported& reported : all) {
    if (auto found = missing(facts, reported)) return found;
  }
  return std::nullopt;
}

struct Difference {
  const SecretFact* fact;
  std::vector<std::string> nodes;
};

std::vector<Difference> differences(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  std::vector<Difference> found;
  for (const Reported& reported : all_reported(lanes)) {
    const SecretFact* fact = fact_of(facts, reported);
    if (fact == nullptr || fact->fingerprint.empty()) continue;
    auto nodes = nodes_that_differ(*fact, reported);
    if (!nodes.empty()) found.push_back({fact, std::move(nodes)});
  }
  return found;
}

Condition differing(const Facts& facts, const Difference& difference) {
  const std::string what = where(*difference.fact, true);
  const std::string nodes = name_list(difference.nodes);
  if (!differ_for_long(facts)) {
    return make_condition(reason::kRotationInProgress, "agents do not use the value of " + what +
                                                           " yet (on " + nodes +
                                                           "); it reaches them within two minutes");
  }
  const std::string kind = difference.fact->kind();
  const std::string why = difference.fact->immutable
                              ? "the " + kind +
                                    " is immutable, and the kubelet keeps the previous " + kind +
                                    " of that name"
                              : "the kubelet has not updated it";
  return make_condition(reason::kSecretNotTaken, "agents still do not have the value of " + what +
                                                     " (on " + nodes + "): " + why + "; create a " +
                                                     kind +
                                                     " with a new name and name it in the export");
}

}  // namespace

bool agents_lack_present_keys(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  const std::vector<Reported> all = all_reported(lanes);
  return std::any_of(all.begin(), all.end(), [&](const Reported& reported) {
    const SecretFact* fact = fact_of(facts, reported);
    return !reported.file->nodes_missing.empty() && fact != nullptr &&
           fact->state == State::kPresent;
  });
}

std::string differing_credentials(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  std::string all;
  for (const Difference& difference : differences(facts, lanes)) {
    all += difference.fact->path + "/" + difference.fact->reference.key + "=" +
           difference.fact->fingerprint + ";";
  }
  return all;
}

Condition credentials_synced(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  if (!facts.faults.empty()) {
    return make_condition(reason::kCredentialsUnlooked, "not checked while ConfigValid is False");
  }
  for (const KeyFault& fault : kKeyFaults) {
    const auto found = all_with(facts, fault.state, fault.of_key);
    if (found.empty()) continue;
    return make_condition(fault.reason, name_list(found) + " " + std::string(fault.advice));
  }
  for (const SecretFact& fact : facts.secrets) {
    if (fact.state != State::kValueUnusable) continue;
    return make_condition(reason::kValueUnusable, where(fact, true) + " " + fact.detail);
  }
  if (auto found = found_by_agents(facts, lanes)) return *std::move(found);
  if (auto rejected = rejected_candidate(lanes)) return *std::move(rejected);
  if (const auto all = differences(facts, lanes); !all.empty())
    return differing(facts, all.front());
  if (auto proving = proving_candidate(lanes)) return *std::move(proving);
  if (auto ended = expired(facts, lanes)) return *std::move(ended);
  const auto unreadable = all_with(facts, State::kUnreadable, false);
  for (const LaneSummary& lane : lanes) {
    if (lane.one_credential || (lane.agents_with_it == 0 && !unreadable.empty())) continue;
    return make_condition(reason::kRotationInProgress,
                          "not all agents have loaded the same credential of " +
                              std::string(to_string(lane.destination)) +
                              " yet; this takes up to two minutes");
  }
  if (unreadable.empty() || agents_have_loaded(lanes)) {
    if (auto ending = ends_soon(facts, lanes)) return *std::move(ending);
  }
  if (unreadable.empty()) {
    return make_condition(reason::kSynced, "every key that the export names exists");
  }
  if (agents_have_loaded(lanes)) {
    return make_condition(reason::kSynced,
                          "all agents have loaded the keys; the operator itself may not read " +
                              name_list(unreadable));
  }
  return make_condition(reason::kSecretUnreadable,
                        "the operator may not read " + name_list(unreadable) +
                            ": grant its ServiceAccount get on that name with a Role in the "
                            "export's namespace, or wait for the agents' reports");
}

}  // namespace dualtrace::ctl
