#include <algorithm>
#include <array>

#include "operator/status/conditions.h"
#include "operator/status/text.h"

namespace dualtrace::ctl {
namespace {

using State = SecretFact::State;

// What is wrong with a key, worst first, and what to do about it.
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
             "is not there; add it to the Secret, or name the key that has the value", true},
    KeyFault{State::kValueEmpty, reason::kValueEmpty, "is empty; put the value into the Secret",
             true},
    KeyFault{State::kSpaceIdMalformed, reason::kSpaceIdMalformed,
             "is not a space id; Arize would answer OK and store nothing. Use the base64 id of the "
             "space, not its name",
             true},
};

// "Secret arize (spec.arize.credentials)", "key token of Secret databricks (spec.…)"
std::string where(const SecretFact& fact, bool of_key) {
  const std::string secret = "Secret " + fact.reference.name;
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

}  // namespace

Condition credentials_synced(const Facts& facts, const std::vector<LaneSummary>& lanes) {
  if (!facts.faults.empty()) {
    return make_condition(reason::kCredentialsUnlooked, "not looked at while ConfigValid is False");
  }
  for (const KeyFault& fault : kKeyFaults) {
    const auto found = all_with(facts, fault.state, fault.of_key);
    if (found.empty()) continue;
    return make_condition(fault.reason, name_list(found) + " " + std::string(fault.advice));
  }
  const auto unreadable = all_with(facts, State::kUnreadable, false);
  for (const LaneSummary& lane : lanes) {
    if (lane.one_credential || (lane.agents_with_it == 0 && !unreadable.empty())) continue;
    return make_condition(reason::kRotationInProgress,
                          "not all agents have loaded the same credential of " +
                              std::string(to_string(lane.destination)) +
                              " yet; it reaches them within two minutes");
  }
  if (unreadable.empty()) {
    return make_condition(reason::kSynced, "every key that the export names is there");
  }
  if (agents_have_loaded(lanes)) {
    return make_condition(
        reason::kSynced,
        "all agents have loaded them; the operator itself may not read " + name_list(unreadable));
  }
  return make_condition(reason::kSecretUnreadable,
                        "the operator may not read " + name_list(unreadable) +
                            ": allow its ServiceAccount to get secrets of that name by a Role in "
                            "the export's namespace, or wait for what the agents say");
}

}  // namespace dualtrace::ctl
