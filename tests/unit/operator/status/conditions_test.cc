// SPDX-License-Identifier: Apache-2.0
#include "operator/status/conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using report::ConfigurationState;
using report::CredentialState;
using report::LossReason;
using report::LossWord;
using report::PauseReason;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = SecretFact::State;

// An event in the world, the reason that it leads to, and what the message must contain.
struct Case {
  Reason reason;
  std::function<void(World&)> happens;
  std::string says;
  std::string type{reason.type};
};

std::function<void(World&)> secret(State state, const std::string& key = "token") {
  return [state, key](World& world) { world.secret(state, key); };
}

void nothing(World& /*world*/) {}

std::function<void(World&)> agent_finds(CredentialState state, const std::string& why) {
  return [=](World& world) {
    world.lane(3, "arize").credentials = {
        {.part = CredentialPart::kAPIKey, .state = state, .why = why}};
  };
}

// The Secret was deleted and recreated, and the agents keep using the old value.
void secret_differs(World& world) {
  world.facts.secrets[0].part = CredentialPart::kAPIKey;
  world.facts.secrets[0].fingerprint = "arize-2";
  world.facts.secrets[0].immutable = true;
  world.each_lane("arize", [](report::Lane& lane) {
    lane.credentials = {{.part = CredentialPart::kAPIKey,
                         .state = CredentialState::kLoaded,
                         .fingerprint = "arize-1"}};
  });
}

std::function<void(World&)> lost(LossWord word, LossReason reason,
                                 const std::string& message = {}) {
  return [=](World& world) {
    for (const size_t agent : {3U, 7U}) {
      world.lane(agent, "arize").losses = {{.word = word,
                                            .reason = std::string(to_string(reason)),
                                            .spans = 100,
                                            .lately = 20,
                                            .message = message}};
    }
  };
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
         world.facts.faults = {{"spec.arize", "set exactly one of endpoint and region"}};
       },
       "spec.arize: set exactly one of endpoint and region"},
      {kNotPermitted,
       [](World& world) {
         world.facts.permitted = false;
         world.facts.faults = {{"spec.agent.image", "is of a repository that is not permitted"}};
       },
       "spec.agent.image: is of a repository that is not permitted"},
      {kRefusedByAgents,
       [](World& world) {
         world.facts.agents[4].says.configuration.state = ConfigurationState::kRefused;
         world.facts.agents[4].says.configuration.why = "arize.colour: unknown key";
       },
       "node-05): arize.colour: unknown key"},

      {kSynced, nothing, "names exists"},
      {kSecretMissing, secret(State::kSecretMissing),
       "Secret databricks (spec.databricks.auth.token) does not exist"},
      {kKeyMissing, secret(State::kKeyMissing, "api-key"), "key api-key of Secret arize"},
      {kValueEmpty, secret(State::kValueEmpty), "key token of Secret databricks"},
      {kSpaceIdMalformed, secret(State::kSpaceIdMalformed, "space-id"),
       "not a space id; Arize would answer OK and store nothing"},
      {kRotationInProgress,
       [](World& world) { world.lane(0, "arize").credential_fingerprint = "arize-2"; },
       "same credential of arize"},
      {kCredentialRejected,
       [](World& world) {
         world.lane(3, "databricks").credential.candidate = {
             .fingerprint = "databricks-2",
             .state = report::CandidateState::kRejected,
             .reason = "AuthRejected",
             .why = "401: the token is not valid"};
       },
       "the new credential databricks-2 of databricks is rejected (AuthRejected) (on node-04): "
       "401: the token is not valid; agents use the previous one"},
      {kCredentialExpiring,
       [](World& world) {
         world.lane(3, "arize").credential.expires = world.facts.now + std::chrono::hours(24);
       },
       "the credential of arize expires at 2025-11-25T16:00:00Z; create a new one"},
      {kCredentialExpired,
       [](World& world) {
         world.each_lane("arize",
                         [&](report::Lane& lane) { lane.credential.expires = world.facts.now; });
       },
       "the credential of arize expired at 2025-11-24T16:00:00Z; create a new one"},
      {kValueUnusable,
       agent_finds(CredentialState::kUnusable, "credential file /c/arize-api-key: is in quotes"),
       "(on node-04): credential file /c/arize-api-key: is in quotes"},
      {kNotMounted, agent_finds(CredentialState::kMissing, "no such file"),
       "agents cannot find apiKey (on node-04)"},
      {kSecretNotTaken,
       [](World& world) {
         secret_differs(world);
         world.facts.credentials_differ = kSyncPatience;
       },
       "key api-key of Secret arize (spec.arize.credentials) (on node-01, node-02, node-03, "
       "node-04, node-05 and 7 more): the Secret is immutable"},
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
      {kPodsUnavailable,
       [](World& world) {
         world.facts.daemon_set->available = 0;
         world.facts.nodes.cannot_run = {{"node-03", "NotReady", "the disk is full"}};
       },
       "0 of 12 agents are available; node-03 cannot run it: NotReady: the disk is full"},
      {kCannotStore,
       [](World& world) {
         world.facts.nodes.failing = {{"node-07", "the disk is full"}};
       },
       "no spans are stored on node-07: the disk is full"},
      {kPodsUnserved,
       [](World& world) {
         world.facts.unserved = {2, {"shop/a", "shop/b"}, {"gpu-1"}};
       },
       "2 injected pods (shop/a, shop/b) run on nodes without a ready agent (gpu-1), so their "
       "spans are not received"},
      {kServedByOtherNodes,
       [](World& world) {
         world.facts.unserved = {2, {"shop/a"}, {"gpu-1"}};
         world.facts.falls_back = true;
       },
       "(shop/a, …) run on nodes without a ready agent (gpu-1); agents on other nodes"},
      {kScaledToZero,
       [](World& world) {
         world.write();
         world.facts.daemon_set = DaemonSetFact{3, 3, 0, 0, 0, 0};
       },
       "no node is eligible now"},
      {kAgentsSilent,
       [](World& world) {
         world.facts.nodes.silent = {{"node-03", "connection refused"}};
       },
       "do not answer the operator (on node-03): connection refused"},
      {kPodsShutOut,
       [](World& world) {
         world.facts.injection = InjectionFact{9, 9, {}, 2, {"shop/a", "shop/b"}};
       },
       "2 pods send to agents whose NetworkPolicy blocks them (shop/a, shop/b): "},
      {kNoNodes, [](World& world) { world.facts.daemon_set = DaemonSetFact{3, 3, 0, 0, 0, 0}; },
       "spec.agent.nodeSelector"},
      {kPending, [](World& world) { world.facts.daemon_set.reset(); }, "does not exist yet"},

      {kApplying, [](World& world) { world.facts.daemon_set->generation = 4; }, "DaemonSet"},
      {kRollingOut, [](World& world) { world.facts.daemon_set->updated = 7; }, "7 of 12 nodes"},
      {kReloading,
       [](World& world) {
         for (const size_t agent : {1U, 2U})
           world.facts.agents[agent].says.configuration.fingerprint = "0ld";
       },
       "10 of 12 agents have the newest configuration"},
      {kStalled,
       [](World& world) {
         world.facts.daemon_set->available = 7;
         world.facts.rollout_still = kRolloutPatience;
       },
       "7 of 12 agents are available, without progress for ten minutes"},
      {kNodesFailing,
       [](World& world) {
         world.facts.daemon_set->updated = 11;
         world.facts.nodes.cannot_run = {{"node-03", "Unschedulable", "1 Insufficient memory."}};
       },
       "11 of 12 nodes have the newest agent; node-03 cannot run it: Unschedulable: 1 "
       "Insufficient"},
      {kStable, nothing, "matches the spec"},
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
       "agents keep running"},

      {kDelivering, nothing, "delivered to Databricks", kDatabricks},
      {kIdle, [](World& world) { state_of_arize(world, "Idle"); }, "waiting for Arize", kArize},
      {kPartlyRetrying, [](World& world) { world.lane(11, "arize").state = "Retrying"; },
       "retrying: node-12", kArize},
      {kNodesNotDelivering, [](World& world) { world.retry_for(11, kNodePatience); },
       "spans have waited for more than five minutes on node-12 (Unreachable); check what these "
       "nodes can reach: egress rules, proxies, DNS. Spans are kept, and delivery resumes by "
       "itself. The agent reports: timed out",
       kArize},
      {kRetrying,
       [](World& world) {
         state_of_arize(world, "Retrying");
         world.each_lane("arize", [](report::Lane& lane) {
           lane.last_error = {"Unreachable", "timed out"};
         });
       },
       "Arize accepts no spans (Unreachable); retrying with growing delays on node-01, node-02, "
       "node-03, node-04, node-05 and 7 more. Spans are kept",
       kArize},
      {kSpansDeadLettered,
       lost(LossWord::kDeadLettered, LossReason::kMissingProject, "external_model_id is required"),
       "spans did not reach Arize in the last 90 s: 40 refused for good and kept as dead letters "
       "on node-04, node-08 (MissingProject): Arize accepts no span without a project; set "
       "spec.arize.project",
       kArize},
      {kSpansRejected, lost(LossWord::kRejected, LossReason::kRejected, "span id is zero"),
       "40 rejected on node-04, node-08 (Rejected): the destination accepted the other spans of "
       "the same requests; fix what the message names; message: span id is zero",
       kArize},
      {kSpansExpired, lost(LossWord::kExpired, LossReason::kBacklog),
       "40 given up on node-04, node-08 (Backlog): the backlog exceeded "
       "spec.delivery.maxBacklog",
       kArize},
      {paused_for(PauseReason::kAuthRejected), pause("AuthRejected"),
       "node-04, node-08: the destination rejects the credential", kDatabricks},
      {paused_for(PauseReason::kCredentialMissing), pause("CredentialMissing"),
       "no credential that it can send", kDatabricks},
      {paused_for(PauseReason::kPermissionDenied), pause("PermissionDenied"),
       "grant its owner USE CATALOG", kDatabricks},
      {paused_for(PauseReason::kTableMissing), pause("TableMissing"), "spec.databricks.table",
       kDatabricks},
      {paused_for(PauseReason::kTableUnsupported), pause("TableUnsupported"),
       "docs/create_table.sql", kDatabricks},
      {paused_for(PauseReason::kSchemaMismatch), pause("SchemaMismatch"), "columns are not those",
       kDatabricks},
      {paused_for(PauseReason::kMisconfigured), pause("Misconfigured"), "workspace URL",
       kDatabricks},
      {paused_for(PauseReason::kEverythingRefused), pause("EverythingRefused"),
       "fix what status.destinations[].lastError names", kDatabricks},
      {paused_for(PauseReason::kForeignAnswer), pause("ForeignAnswer"), "proxy", kDatabricks},
      {paused_for(PauseReason::kNotEnabled), pause("NotEnabled"), "enable", kDatabricks},
      {kPaused, pause("OfANewerAgent"), "[].lastError: OfANewerAgent. ", kDatabricks},
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
  for (AgentReport& agent : world.facts.agents) {
    agent.says.configuration.state = ConfigurationState::kNeedsRestart;
    agent.says.configuration.why = "needs a restart";
  }
  EXPECT_EQ(config_valid(world.facts).reason, "Valid");
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
  world.each_lane("databricks", [](report::Lane& lane) { lane.credential_fingerprint = ""; });
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

// An admission policy lowers the limit of some nodes' pods, or of all.
TEST(AgentsAvailable, SaysWhereAgentsHaveLessMemoryThanTheExportAsksFor) {
  constexpr uint64_t kMebibyte = 1 << 20;
  World world;
  const std::string before = agents_available(world.facts).message;
  for (AgentReport& agent : world.facts.agents) {
    agent.says.admission = {.bytes_max = 128 * kMebibyte, .bytes_configured = 128 * kMebibyte};
  }
  world.facts.agents[0].says.admission = {.bytes_max = 64 * kMebibyte};  // of the version before
  EXPECT_EQ(agents_available(world.facts).message, before);
  for (const size_t agent : {7U, 3U}) {
    world.facts.agents[agent].says.admission = {.bytes_max = 25 * kMebibyte,
                                                .bytes_configured = 128 * kMebibyte,
                                                .memory_limit = 100 * kMebibyte};
  }
  const Json condition = condition_of(world.status(), kAgentsType);
  EXPECT_EQ(condition.at("reason"), "Available");
  EXPECT_THAT(
      agents_available(world.facts).message,
      testing::StartsWith(
          before +
          "; the memory limit of the agents on node-04, node-08 is lower than spec.agent.resources "
          "asks for (100Mi), so they hold at most 25Mi of spans that are not yet stored, instead "
          "of 128Mi: check what changes the limits of pods"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
}

TEST(AgentsAvailable, SendsToTheDaemonSetWhereNoPodCouldSay) {
  World world;
  world.facts.daemon_set = DaemonSetFact{1, 1, 12, 3, 3, 3, 3};
  const std::string missing = "; 9 of 12 nodes have no agent pod; check the DaemonSet's events";
  EXPECT_THAT(agents_available(world.facts).message,
              HasSubstr("3 of 12 agents are available" + missing));
  EXPECT_THAT(progressing(world.facts).message, HasSubstr(missing));
  world.facts.daemon_set->scheduled = 12;
  EXPECT_THAT(agents_available(world.facts).message, HasSubstr("the pods' events"));
  EXPECT_EQ(progressing(world.facts).message, "3 of 12 nodes have the newest agent");
}

TEST(Progressing, DoesNotWaitForAgentsThatCannotSayOrRefuse) {
  World world;
  world.facts.agents[0].says.configuration.fingerprint = "";
  world.facts.agents[1].unreachable = "timeout";
  world.facts.agents[1].says.configuration.fingerprint = "0ld";
  world.facts.agents[2].says.configuration.state = ConfigurationState::kNeedsRestart;
  world.facts.agents[2].says.configuration.fingerprint = "0ld";
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

// In an elastic cluster, nodes join and leave all the time.
TEST(Ready, StaysTrueWhileNodesJoinAndGo) {
  World world;
  world.write();
  world.facts.daemon_set->available = 11;
  world.facts.daemon_set->updated = 11;
  world.facts.nodes.awaited = {"node-12"};
  const Json status = world.write();
  EXPECT_EQ(condition_of(status, kReadyType).at("status"), "True");
  EXPECT_THAT(condition_of(status, kAgentsType).at("message").get<std::string>(),
              testing::HasSubstr("11 of 12 agents are available; node-12 joined"));
  world.facts.daemon_set->scheduled = 11;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("status"), "True");
  world.facts.nodes.pods_missing = true;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("reason"), "PodsUnavailable");
  world.facts.nodes.pods_missing = false;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("reason"), "PodsUnavailable")
      << "what has already failed gets no grace period";
}

TEST(Ready, IsFalseWhenNoAgentIsLeftOrTheSpecHasChanged) {
  World world;
  world.write();
  world.facts.nodes.awaited = {"node-12"};
  world.facts.daemon_set->available = 0;
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "PodsUnavailable");
  world.facts.daemon_set->available = 11;
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
  world.facts.generation = 4;
  EXPECT_EQ(condition_of(world.status(), kAgentsType).at("reason"), "PodsUnavailable");
  world.facts.nodes.unheard = 1;
  EXPECT_EQ(condition_of(world.status(), kAgentsType).at("reason"), "Available")
      << "the kubelet does not report, whatever the spec is";
  world.facts.daemon_set->available = 10;
  EXPECT_EQ(condition_of(world.status(), kAgentsType).at("reason"), "PodsUnavailable");
  world.facts.nodes.serving = 11;
  EXPECT_EQ(condition_of(world.status(), kAgentsType).at("reason"), "Available")
      << "the old pod ends on a node where the new one serves";
}

TEST(Ready, SaysThatAgentsOfOtherNodesServe) {
  World world;
  world.facts.falls_back = true;
  world.facts.unserved = {1, {"shop/a"}, {"virtual-1"}};
  const Json ready = condition_of(world.status(), kReadyType);
  EXPECT_EQ(ready.at("reason"), "Ready");
  EXPECT_THAT(ready.at("message").get<std::string>(),
              testing::HasSubstr("AgentsAvailable: 1 injected pods (shop/a) run on nodes without"));
}

TEST(Ready, StaysTrueInAPoolThatIsScaledToZeroUnlessPodsRunThere) {
  World world;
  world.write();
  world.facts.daemon_set = DaemonSetFact{3, 3, 0, 0, 0, 0};
  world.facts.agents.clear();
  EXPECT_EQ(condition_of(world.write(), kAgentsType).at("reason"), "ScaledToZero");
  EXPECT_EQ(condition_of(world.write(), kAgentsType).at("reason"), "ScaledToZero");
  world.facts.unserved = {1, {"shop/a"}, {"virtual-1"}};
  world.facts.falls_back = true;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("reason"), "NoNodes");
}

TEST(Ready, IsFalseWhenAgentsFailThatOnceRan) {
  World world;
  EXPECT_EQ(condition_of(world.write(), kReadyType).at("status"), "True");
  world.facts.daemon_set->available = 3;
  world.facts.nodes.failing = {{"node-02"}, {"node-05", "the disk is full"}};
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

// One source for each fact: Ready always agrees with the conditions, in their words, and so does
// the summary of the destinations.
TEST(Words, AgreeWhateverHappens) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.type + " " + std::string(one.reason.name));
    World world;
    one.happens(world);
    const Json status = world.status();
    const Json ready = condition_of(status, kReadyType);
    bool any_false = false;
    for (const Json& condition : array_at(status, {"conditions"})) {
      const auto type = std::string(text_at(condition, {"type"}));
      const bool harmless = type == kProgressType ||
                            text_at(condition, {"reason"}) == reason::kRotationInProgress.name;
      any_false |= type != kReadyType && !harmless && text_at(condition, {"status"}) == "False";
      // No message refers to a condition that reports no problem.
      for (const Json& other : array_at(status, {"conditions"})) {
        const auto name = std::string(text_at(other, {"type"}));
        if (name == type || text_at(condition, {"status"}) != "False") continue;
        if (text_at(condition, {"message"}).find(name) == std::string::npos) continue;
        EXPECT_NE(text_at(other, {"status"}), "True") << type << " refers to " << name;
      }
    }
    EXPECT_FALSE(ready.at("status") == "True" && any_false);
    if (ready.at("status") == "False") {
      const auto message = ready.at("message").get<std::string>();
      const std::string type = message.substr(0, message.find(": "));
      const Json cause = condition_of(status, type);
      EXPECT_EQ(ready.at("reason"), cause.at("reason"));
      EXPECT_EQ(message, type + ": " + cause.at("message").get<std::string>());
      EXPECT_EQ(cause.at("status"), "False");
    }
    for (const Json& destination : array_at(status, {"destinations"})) {
      const auto known = report::parse_word<report::Destination>(text_at(destination, {"name"}));
      const Json condition = condition_of(status, delivery_type(known.value()));
      const std::string_view reason = text_at(condition, {"reason"});
      const bool well = reason == reason::kDelivering.name || reason == reason::kIdle.name;
      EXPECT_EQ(destination.contains("lastError"), !well && reason != reason::kNoReports.name &&
                                                       reason != reason::kPartlyRetrying.name);
      if (!destination.contains("lastError")) continue;
      const std::string_view error = text_at(destination, {"lastError", "reason"});
      EXPECT_THAT(std::string(reason) + " " + condition.at("message").get<std::string>(),
                  HasSubstr(std::string(error)));
    }
  }
}

// No span has arrived, and the operator may not read the Secret, but the agents know.
TEST(CredentialsSynced, IsDecidedBeforeTheFirstSpan) {
  World world;
  for (const char* key : {"api-key", "space-id", "token"}) world.secret(State::kUnreadable, key);
  state_of_arize(world, "Idle");
  world.each_lane("databricks", [](report::Lane& lane) { lane.state = "Idle"; });
  EXPECT_EQ(condition_of(world.status(), kCredentialsType).at("reason"), "Synced");
  world.each_lane("arize", [](report::Lane& lane) {
    lane.credential_fingerprint = "";
    lane.credentials = {{.part = CredentialPart::kAPIKey, .state = CredentialState::kMissing},
                        {.part = CredentialPart::kSpaceID, .state = CredentialState::kMissing}};
  });
  EXPECT_EQ(condition_of(world.status(), kCredentialsType).at("reason"), "NotMounted");
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "False");
}

TEST(CredentialsSynced, WaitsForTheKubeletBeforeItSaysThatASecretIsNotTaken) {
  World world;
  secret_differs(world);
  EXPECT_EQ(condition_of(world.write(), kCredentialsType).at("reason"), "RotationInProgress");
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True")
      << "the old one still works";
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_EQ(condition_of(world.write(), kCredentialsType).at("reason"), "SecretNotTaken");
  world.facts.credentials_differ = {};  // a new operator that has observed nothing yet
  EXPECT_EQ(condition_of(world.write(), kCredentialsType).at("reason"), "SecretNotTaken");
  EXPECT_NE(differing_credentials(world.facts, summarize_lanes(world.facts)), "");
  world.facts.secrets[0].fingerprint = "arize-1";
  EXPECT_EQ(condition_of(world.write(), kCredentialsType).at("reason"), "Synced");
  EXPECT_EQ(differing_credentials(world.facts, summarize_lanes(world.facts)), "");
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
