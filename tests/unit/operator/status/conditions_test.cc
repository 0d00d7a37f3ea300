#include "operator/status/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = SecretFact::State;

// What happened in the world, the reason that it leads to, and what the message says of it.
struct Case {
  Reason reason;
  std::function<void(World&)> happens;
  std::string says;
  std::string type{reason.type};
};

std::function<void(World&)> pause(const std::string& reason) {
  return [reason](World& world) {
    for (const size_t agent : {3U, 7U}) {
      world.lane(agent, "databricks").state = "Paused";
      world.lane(agent, "databricks").error_reason = reason;
    }
  };
}

std::function<void(World&)> secret(State state, const std::string& key = "token") {
  return [state, key](World& world) { world.secret(state, key); };
}

void nothing(World& /*world*/) {}

void state_of_arize(World& world, const std::string& state) {
  world.each_lane("arize", [&](LaneReport& lane) { lane.state = state; });
}

const std::vector<Case>& cases() {
  static const std::string kDatabricks(kDatabricksDeliveryType);
  static const std::string kArize(kArizeDeliveryType);
  using namespace reason;
  static const std::vector<Case> kCases = {
      {kReady, nothing, "delivered to every destination"},

      {kValid, nothing, "valid"},
      {kConsentAssumed,
       [](World& world) {
         world.facts.consent = Consent::kAllAsBefore;
         world.facts.consent_notices = {"write this", "and that"};
       },
       "write this; and that"},
      {kInvalid,
       [](World& world) {
         world.facts.wanted = nullptr;
         world.facts.faults = {{"spec.arize", "write exactly one of endpoint and region"}};
       },
       "spec.arize: write exactly one of endpoint and region"},
      {kRefusedByAgents,
       [](World& world) {
         world.facts.agents[4].config_error = "refused: arize.colour: unknown key";
       },
       "node-05): arize.colour: unknown key"},

      {kSynced, nothing, "is there"},
      {kSecretMissing, secret(State::kSecretMissing),
       "Secret databricks (spec.databricks.auth.token) does not exist"},
      {kKeyMissing, secret(State::kKeyMissing, "api-key"), "key api-key of Secret arize"},
      {kValueEmpty, secret(State::kValueEmpty), "key token of Secret databricks"},
      {kSpaceIdMalformed, secret(State::kSpaceIdMalformed, "space-id"),
       "not a space id; Arize would answer OK and store nothing"},
      {kRotationInProgress,
       [](World& world) { world.lane(0, "arize").credential_fingerprint = "arize-2"; },
       "same credential of arize"},
      {kSecretUnreadable,
       [](World& world) {
         world.secret(State::kUnreadable);
         world.facts.agents[2].unreachable = "connection refused";
       },
       "the operator may not read Secret databricks"},
      {kCredentialsUnlooked,
       [](World& world) {
         world.facts.faults = {{"spec", "empty"}};
       },
       "ConfigValid"},

      {kAvailable, nothing, "12 of 12 agents"},
      {kPodsUnavailable, [](World& world) { world.facts.daemon_set->available = 10; },
       "10 of 12 agents"},
      {kPodsShutOut,
       [](World& world) {
         world.facts.injection = InjectionFact{9, 9, {}, 2, {"shop/a", "shop/b"}};
       },
       "2 pods send to the agents, whose NetworkPolicy keeps them out (shop/a, shop/b): "},
      {kNoNodes, [](World& world) { world.facts.daemon_set = DaemonSetFact{3, 3, 0, 0, 0, 0}; },
       "spec.agent.nodeSelector"},
      {kPending, [](World& world) { world.facts.daemon_set.reset(); }, "asked for"},

      {kApplying, [](World& world) { world.facts.daemon_set->generation = 4; }, "DaemonSet"},
      {kRollingOut, [](World& world) { world.facts.daemon_set->updated = 7; }, "7 of 12 nodes"},
      {kReloading,
       [](World& world) {
         for (const size_t agent : {1U, 2U}) world.facts.agents[agent].config_fingerprint = "0ld";
       },
       "10 of 12 agents have the newest configuration"},
      {kStalled,
       [](World& world) {
         world.facts.daemon_set->available = 7;
         world.facts.rollout_still = kRolloutPatience;
       },
       "7 of 12 agents are available, and nothing has moved for ten minutes"},
      {kStable, nothing, "as it was asked for"},
      {kApplyFailed,
       [](World& world) {
         world.facts.apply_error = Error{ErrorKind::kInvalid, "spec.selector: immutable"};
         world.facts.apply_error_object = "DaemonSet observability/agents-dualtrace";
       },
       "DaemonSet observability/agents-dualtrace: spec.selector: immutable"},
      {kNothingApplied,
       [](World& world) {
         world.facts.faults = {{"spec", "empty"}};
       },
       "agents run on"},

      {kDelivering, nothing, "delivered to Databricks", kDatabricks},
      {kIdle, [](World& world) { state_of_arize(world, "Idle"); }, "waits for Arize", kArize},
      {kPartlyRetrying, [](World& world) { world.lane(11, "arize").state = "Retrying"; },
       "not from node-12", kArize},
      {kRetrying,
       [](World& world) {
         state_of_arize(world, "Retrying");
         world.each_lane("arize", [](LaneReport& lane) { lane.error_reason = "Unreachable"; });
       },
       "Arize takes no spans (Unreachable); node-01, node-02, node-03, node-04, node-05 and 7 more",
       kArize},
      {kAuthRejected, pause("AuthRejected"), "node-04, node-08: it refuses the credential",
       kDatabricks},
      {kCredentialMissing, pause("CredentialMissing"), "CredentialsSynced", kDatabricks},
      {kPermissionDenied, pause("PermissionDenied"), "grant", kDatabricks},
      {kTableMissing, pause("TableMissing"), "spec.databricks.table", kDatabricks},
      {kTableUnsupported, pause("TableUnsupported"), "docs/create_table.sql", kDatabricks},
      {kSchemaMismatch, pause("SchemaMismatch"), "columns do not fit", kDatabricks},
      {kMisconfigured, pause("Misconfigured"), "workspace URL", kDatabricks},
      {kEverythingRefused, pause("EverythingRefused"),
       "its words in status.destinations[].lastError", kDatabricks},
      {kForeignAnswer, pause("ForeignAnswer"), "proxy", kDatabricks},
      {kNotEnabled, pause("NotEnabled"), "enable", kDatabricks},
      {kPaused, pause("of another version"), "lastError", kDatabricks},
      {kNoReports,
       [](World& world) {
         for (AgentReport& agent : world.facts.agents) agent.unreachable = "connection refused";
       },
       "connection refused", kArize},
  };
  return kCases;
}

TEST(Conditions, SayWhatHappened) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.type + " " + std::string(one.reason.name));
    World world;
    one.happens(world);
    const Json condition = condition_of(world.status(), one.type);
    EXPECT_EQ(condition.at("status"), to_string(one.reason.status));
    EXPECT_EQ(condition.at("reason"), one.reason.name);
    EXPECT_THAT(condition.at("message").get<std::string>(), HasSubstr(one.says));
    EXPECT_EQ(condition.at("observedGeneration"), 3);
  }
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

using Row = std::tuple<std::string, std::string, std::string>;  // type, status, reason

std::set<Row> known_reasons() {
  std::set<Row> rows;
  for (const Reason& one : all_reasons()) {
    rows.emplace(one.type, to_string(one.status), one.name);
  }
  return rows;
}

TEST(Conditions, AreAllTested) {
  std::set<Row> tested;
  for (const Case& one : cases()) {
    tested.emplace(one.reason.type, to_string(one.reason.status), one.reason.name);
  }
  EXPECT_EQ(tested, known_reasons());
}

// The first three cells of the rows below "## Conditions and reasons" that begin with a type.
std::set<Row> documented_reasons() {
  std::ifstream file(DUALTRACE_DOCS "/operator.md");
  std::set<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == "## Conditions and reasons";
    if (!inside || !line.starts_with("| `")) continue;
    std::istringstream cells(line);
    std::string type;
    std::string status;
    std::string name;
    std::getline(cells, type, '`');
    std::getline(cells, type, '`');
    std::getline(cells, status, '|');
    std::getline(cells, status, '|');
    std::getline(cells, name, '`');
    std::getline(cells, name, '`');
    if (type == "…Delivering") type = kDeliveryType;
    rows.emplace(type, status.substr(1, status.size() - 2), name);
  }
  return rows;
}

TEST(Conditions, AreAllDocumented) { EXPECT_EQ(documented_reasons(), known_reasons()); }

// Of the folders that may pause a lane: answers are judged in send, what they add up to in lane.
std::string code_that_pauses() {
  std::string code;
  for (const std::string folder : {"/send", "/lane"}) {
    for (const auto& file : std::filesystem::directory_iterator(DUALTRACE_AGENT + folder)) {
      if (file.path().extension() == ".cc") code += text_of(file.path());
    }
  }
  return code;
}

// Every reason that an agent may pause a lane for: the first argument of pause(…).
std::set<std::string> pauses_of_agents() {
  const std::string code = code_that_pauses();
  static const std::regex kCall(R"(\bpause\(([^,;]*),)");
  static const std::regex kText("\"(\\w+)\"");
  std::set<std::string> names;
  for (std::sregex_iterator call(code.begin(), code.end(), kCall), end; call != end; ++call) {
    const std::string argument = (*call)[1];
    for (std::sregex_iterator name(argument.begin(), argument.end(), kText); name != end; ++name) {
      names.insert((*name)[1]);
    }
  }
  return names;
}

TEST(Conditions, KnowWhatAgentsPauseFor) {
  std::set<std::string> known;
  for (const auto& [type, status, name] : known_reasons()) {
    if (type == kDeliveryType) known.insert(name);
  }
  const std::set<std::string> pauses = pauses_of_agents();
  EXPECT_GE(pauses.size(), 7);
  for (const std::string& pause : pauses) EXPECT_TRUE(known.contains(pause)) << pause;
}

TEST(Conditions, AreAllThereOnTheFirstVisit) {
  World world;
  world.facts.daemon_set.reset();
  world.facts.agents.clear();
  std::vector<std::string> types;
  const Json status = world.status();
  for (const Json& condition : array_at(status, {"conditions"})) {
    types.emplace_back(text_at(condition, {"type"}));
    EXPECT_THAT(std::string(text_at(condition, {"message"})), Not(IsEmpty()));
  }
  EXPECT_THAT(types,
              testing::ElementsAre("Ready", "ConfigValid", "Progressing", "CredentialsSynced",
                                   "AgentsAvailable", "ArizeDelivering", "DatabricksDelivering"));
}

TEST(Conditions, LeaveOutADestinationThatIsNotConfigured) {
  World world;
  world.wanted.databricks.reset();
  const Json status = world.status();
  for (const Json& condition : array_at(status, {"conditions"})) {
    EXPECT_NE(text_at(condition, {"type"}), kDatabricksDeliveryType);
  }
}

TEST(ConfigValid, TellsOfAtMostFiveFaults) {
  World world;
  for (int i = 0; i < 30; ++i) {
    world.facts.faults.push_back({"spec.f" + std::to_string(i), "wrong"});
  }
  EXPECT_EQ(config_valid(world.facts).message,
            "spec.f0: wrong; spec.f1: wrong; spec.f2: wrong; spec.f3: wrong; spec.f4: wrong; "
            "and 25 more");
}

TEST(ConfigValid, IsNotRefusedByAgentsThatOnlyNeedARestart) {
  World world;
  for (AgentReport& agent : world.facts.agents) agent.config_error = "needs a restart";
  EXPECT_EQ(config_valid(world.facts).reason, "Valid");
}

TEST(ConfigValid, KnowsHowAgentsSayThatTheyRefuse) {
  EXPECT_THAT(text_of(DUALTRACE_AGENT "/app/config_reload.cc"),
              HasSubstr(R"(set_error("refused: " + why))"));
}

TEST(CredentialsSynced, TellsOfTheWorstFirstAndOfASecretOnce) {
  World world;
  world.secret(State::kValueEmpty, "token");
  world.secret(State::kSecretMissing, "api-key");
  world.secret(State::kSecretMissing, "space-id");
  const Condition condition = credentials_synced(world.facts, {});
  EXPECT_EQ(condition.reason, "SecretMissing");
  EXPECT_THAT(condition.message, testing::StartsWith("Secret arize (spec.arize.credentials) does"));
}

TEST(CredentialsSynced, BelievesTheAgentsWhereTheOperatorMayNotLook) {
  World world;
  world.secret(State::kUnreadable);
  EXPECT_EQ(condition_of(world.status(), kCredentialsType).at("reason"), "Synced");
  world.each_lane("databricks", [](LaneReport& lane) { lane.credential_fingerprint = ""; });
  EXPECT_EQ(condition_of(world.status(), kCredentialsType).at("reason"), "SecretUnreadable");
}

TEST(Progressing, IsOverOnceAllAgentsWereAvailable) {
  World world;
  world.facts.daemon_set->available = 11;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "RollingOut");
  world.facts.daemon_set->available = 12;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "Stable");
  world.facts.daemon_set->available = 11;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "Stable");
  world.facts.generation = 4;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "RollingOut");
}

TEST(Progressing, StaysStalledAfterARestartUntilSomethingMoves) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 7, 12, 7};
  world.facts.rollout_still = kRolloutPatience - std::chrono::seconds(1);
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "RollingOut");
  world.facts.rollout_still = kRolloutPatience;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "Stalled");
  world.facts.rollout_still = {};
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "Stalled");
  world.facts.daemon_set->ready = 8;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "RollingOut");
}

TEST(Progressing, IsNotStalledByWhatTheExportWasBefore) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 7, 12, 7};
  world.facts.rollout_still = kRolloutPatience;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "Stalled");
  world.facts.rollout_still = {};
  world.facts.generation = 4;
  EXPECT_EQ(condition_of(world.write(), kProgressType).at("reason"), "RollingOut");
}

TEST(Ready, IsFalseWhenTheFirstRolloutStalls) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 0, 12, 0};
  world.facts.agents.clear();
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("status"), "Unknown");
  world.facts.rollout_still = kRolloutPatience;
  const Json ready = condition_of(world.write(), kReadyType);
  EXPECT_EQ(ready.at("status"), "False");
  EXPECT_EQ(ready.at("reason"), "PodsUnavailable");
}

TEST(AgentsAvailable, SendsToTheDaemonSetWhereNoPodCouldSay) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 3, 3, 3, 3};
  const std::string missing = "; 9 of 12 nodes have no pod for it, and the DaemonSet's events";
  EXPECT_THAT(agents_available(world.facts).message,
              HasSubstr("3 of 12 agents are available" + missing));
  EXPECT_THAT(progressing(world.facts).message, HasSubstr(missing));
  world.facts.daemon_set->scheduled = 12;
  EXPECT_THAT(agents_available(world.facts).message, HasSubstr("the pods' events"));
  EXPECT_EQ(progressing(world.facts).message, "3 of 12 nodes have the newest agent");
}

TEST(Progressing, DoesNotWaitForAgentsThatCannotSayOrRefuse) {
  World world;
  world.facts.agents[0].config_fingerprint = "";
  world.facts.agents[1].unreachable = "timeout";
  world.facts.agents[1].config_fingerprint = "0ld";
  world.facts.agents[2].config_error = "needs a restart";
  world.facts.agents[2].config_fingerprint = "0ld";
  EXPECT_EQ(progressing(world.facts).reason, "Stable");
}

TEST(Ready, IsUnknownWhileAgentsStartForTheFirstTime) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 0, 12, 0};
  world.facts.agents.clear();
  const Json first = condition_of(world.write(), kReadyType);
  EXPECT_EQ(first.at("status"), "Unknown");
  EXPECT_EQ(first.at("reason"), "RollingOut");
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("status"), "Unknown");
}

TEST(Ready, IsFalseWhenAgentsFailThatOnceRan) {
  World world;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("status"), "True");
  world.facts.daemon_set->available = 3;
  const Json later = condition_of(world.write(), kReadyType);
  EXPECT_EQ(later.at("status"), "False");
  EXPECT_EQ(later.at("reason"), "PodsUnavailable");
  EXPECT_THAT(later.at("message").get<std::string>(),
              testing::StartsWith("AgentsAvailable: 3 of 12"));
}

TEST(Ready, IsFalseAtOnceForWhatAPersonMustMend) {
  World world;
  world.facts.daemon_set.reset();
  world.facts.agents.clear();
  world.secret(State::kSecretMissing);
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "SecretMissing");
  world.facts.apply_error = Error{ErrorKind::kInvalid, "no"};
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "ApplyFailed");
  world.facts.faults = {{"spec", "empty"}};
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "Invalid");
}

TEST(Ready, StaysTrueInARotationAndWhenSomeNodesRetry) {
  World world;
  world.lane(0, "arize").credential_fingerprint = "arize-2";
  world.lane(5, "databricks").state = "Retrying";
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
}

TEST(Ready, FollowsADestinationThatPauses) {
  World world;
  pause("TableMissing")(world);
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "TableMissing");
}

// The words of the destination go on to where the advice sends people.
TEST(Ready, FollowsADestinationThatRefusesEverythingWithItsWordsBeside) {
  for (const std::string reason : {"EverythingRefused", "ForeignAnswer"}) {
    World world;
    pause(reason)(world);
    for (const size_t agent : {3U, 7U}) {
      world.lane(agent, "databricks").error_message = "OpenTelemetry is not enabled";
    }
    const Json status = world.status();
    const Json ready = condition_of(status, kReadyType);
    EXPECT_EQ(ready.at("status"), "False");
    EXPECT_EQ(ready.at("reason"), reason);
    EXPECT_THAT(ready.at("message").get<std::string>(), HasSubstr("lastError"));
    EXPECT_EQ(condition_of(status, kArizeDeliveryType).at("status"), "True");
    const Json& databricks = status.at("destinations").at(1);
    EXPECT_EQ(databricks.at("lastError").at("reason"), reason);
    EXPECT_EQ(databricks.at("lastError").at("message"), "OpenTelemetry is not enabled");
  }
}

TEST(Ready, IsInDoubtWhenNoAgentSpeaks) {
  World world;
  for (AgentReport& agent : world.facts.agents) agent.unreachable = "timeout";
  const Json condition = condition_of(world.status(), kReadyType);
  EXPECT_EQ(condition.at("status"), "Unknown");
  EXPECT_EQ(condition.at("reason"), "NoReports");
}

}  // namespace
}  // namespace dualtrace::ctl
