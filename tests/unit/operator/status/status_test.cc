// SPDX-License-Identifier: Apache-2.0
#include "operator/status/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using report::ConfigurationState;
using testing::ElementsAre;
using testing::IsEmpty;

void pause_all(World& world, const std::string& lane_name) {
  world.each_lane(lane_name, [](report::Lane& lane) {
    lane.state = "Paused";
    lane.last_error = {"AuthRejected", "401 Unauthorized"};
  });
}

TEST(Status, IsOneTableOfWhatTheAgentsSay) {
  World world;
  world.lane(2, "databricks").backlog_bytes = 5000;
  world.lane(2, "databricks").oldest_undelivered = world.facts.now - std::chrono::hours(1);
  world.lane(4, "databricks").last_delivered = world.facts.now + std::chrono::milliseconds(1500);
  EXPECT_EQ(destination_of(world.status(), "databricks"), Json::parse(R"({
    "name": "databricks", "state": "Delivering", "backlogBytes": 16000,
    "oldestUndelivered": "2025-11-24T15:00:00Z", "lastDelivered": "2025-11-24T16:00:01Z",
    "credential": {"fingerprint": "databricks-1", "nodes": "12/12"}})"));
  EXPECT_EQ(world.status().at("agents"),
            Json::parse(R"({"desired": 12, "ready": 12, "updated": 12})"));
  EXPECT_EQ(world.status().at("observedGeneration"), 3);
}

TEST(Status, ShowsTheWorstNodeAndFiveThatFail) {
  World world;
  for (size_t agent = 3; agent < 11; ++agent) {
    world.lane(agent, "arize").state = "Retrying";
    world.lane(agent, "arize").last_error = {"Unreachable", ""};
  }
  world.lane(9, "arize").state = "Paused";
  world.lane(9, "arize").last_error = {"AuthRejected", "key revoked"};
  const Json arize = destination_of(world.status(), "arize");
  EXPECT_EQ(arize.at("state"), "Paused");
  EXPECT_EQ(arize.at("lastError"),
            Json::parse(R"({"reason": "AuthRejected", "message": "key revoked"})"));
  EXPECT_THAT(arize.at("nodesFailing").get<std::vector<std::string>>(),
              ElementsAre("node-04", "node-05", "node-06", "node-07", "node-08"));
}

TEST(Status, SaysWhichPodsAskedAndWereMissedWhereAWebhookIsServed) {
  World world;
  EXPECT_FALSE(world.status().contains("injection"));
  world.facts.injection = InjectionFact{7, 1, {"a/1", "a/2", "a/3", "a/4", "a/5", "a/6"}};
  EXPECT_EQ(world.status().at("injection"), Json::parse(R"({
    "annotated": 7, "injected": 1, "missed": ["a/1", "a/2", "a/3", "a/4", "a/5"], "unserved": 0})"));
  const Json before = world.status();
  world.facts.injection = InjectionFact{.annotated = 7,
                                        .injected = 5,
                                        .missed = {},
                                        .skipped = {{"Ambiguous", 1}, {"NoClusterDNS", 2}},
                                        .warned = {{"BehindProxy", 3}}};
  EXPECT_EQ(world.status().at("injection"), Json::parse(R"({
    "annotated": 7, "injected": 5,
    "skipped": [{"reason": "NoClusterDNS", "pods": 2}, {"reason": "Ambiguous", "pods": 1}],
    "warned": [{"reason": "BehindProxy", "pods": 3}], "unserved": 0})"));
  world.facts.injection = InjectionFact{7, 7, {}};
  EXPECT_EQ(world.status().at("injection"),
            Json::parse(R"({"annotated": 7, "injected": 7, "unserved": 0})"));
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kNumbers);
}

TEST(Status, NamesPodsWithoutAnAgentAndNodesThatAreLost) {
  World world;
  world.facts.injection = InjectionFact{7, 7, {}};
  world.facts.unserved = {2, {"a/1", "a/2"}, {"gpu-1"}};
  world.facts.nodes_lost = {
      {"node-13", from_unix_nanos(1'764'000'000'000'000'000), {{"arize", 40, 2048}}}};
  EXPECT_EQ(world.status().at("injection"), Json::parse(R"({
    "annotated": 7, "injected": 7, "unserved": 2, "unservedPods": ["a/1", "a/2"]})"));
  EXPECT_EQ(world.status().at("nodesLost"), Json::parse(R"([{
    "node": "node-13", "since": "2025-11-24T16:00:00Z",
    "destinations": [{"name": "arize", "spans": 40, "bytes": 2048}]}])"));
}

// An operator that starts elsewhere reads it. The numbers change all the time.
TEST(Status, HasWhatWaitsOnNodes) {
  World world;
  world.facts.backlogs = {{"node-01", "d1", {{"arize", 40, 2048}}}};
  const Json before = world.status();
  EXPECT_EQ(before.at("nodesWithBacklog"), Json::parse(R"([{
    "node": "node-01", "disk": "d1",
    "destinations": [{"name": "arize", "spans": 40, "bytes": 2048}]}])"));
  world.facts.backlogs[0].gone_since = world.facts.now;
  EXPECT_EQ(world.status().at("nodesWithBacklog")[0].at("goneSince"), "2025-11-24T16:00:00Z");
  world.facts.backlogs[0].gone_since.reset();
  world.facts.backlogs[0].backlog[0].spans = 41;
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kNumbers);
  world.facts.backlogs.clear();
  EXPECT_FALSE(world.status().contains("nodesWithBacklog"));
}

TEST(Status, CountsPodsThatAreShutOut) {
  World world;
  world.facts.injection = InjectionFact{7, 7, {}, 6, {"a/1", "a/2", "a/3", "a/4", "a/5"}};
  EXPECT_EQ(world.status().at("injection"),
            Json::parse(R"({"annotated": 7, "injected": 7, "shutOut": 6, "unserved": 0})"));
}

TEST(Status, KeepsTheWordOfConsent) {
  World world;
  const Json before = world.status();
  EXPECT_EQ(before.at("consent"), "Explicit");
  world.facts.consent = Consent::kAllAsBefore;
  EXPECT_EQ(world.status().at("consent"), "AllAsBefore");
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kState);
  world.facts.wanted = nullptr;
  world.facts.faults = {{"spec.arize.endpoint", "no host"}};
  EXPECT_EQ(world.status().at("consent"), "AllAsBefore") << "otherwise it would count as older";
}

// The condition clears soon after the last loss, but the counts stay visible.
TEST(Status, CountsTheSpansThatEndedElsewhere) {
  World world;
  EXPECT_FALSE(destination_of(world.status(), "arize").contains("lost"));
  world.lane(2, "arize").losses = {{.word = report::LossWord::kDeadLettered,
                                    .reason = "MissingProject",
                                    .spans = 40,
                                    .last = world.facts.now,
                                    .message = "external_model_id is required"}};
  world.lane(3, "arize").losses = {{.word = report::LossWord::kExpired,
                                    .reason = "Age",
                                    .spans = 2,
                                    .last = world.facts.now - std::chrono::hours(1)}};
  EXPECT_EQ(destination_of(world.status(), "arize").at("lost"), Json::parse(R"({
    "spans": 42, "reason": "MissingProject", "message": "external_model_id is required",
    "last": "2025-11-24T16:00:00Z"})"));
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("status"), "True");
}

// An operator that takes over must know of a loss and its end, but not of each span.
TEST(Status, OfRecentLossesIsWrittenEveryHalfMinute) {
  World world;
  const Json before = world.status();
  const auto lose = [&](uint64_t spans, std::chrono::seconds later) {
    world.facts.recent_losses = {{.node = "node-01",
                                  .destination = "arize",
                                  .word = report::LossWord::kExpired,
                                  .reason = "Age",
                                  .spans = spans,
                                  .message = "too old",
                                  .last = world.facts.now + later,
                                  .until = world.facts.now + later}};
    return world.status();
  };
  const Json first = lose(1, std::chrono::seconds(0));
  EXPECT_EQ(first.at("recentLosses"), Json::parse(R"([{
    "node": "node-01", "destination": "arize", "word": "expired", "reason": "Age", "spans": 1,
    "message": "too old", "last": "2025-11-24T16:00:00Z", "until": "2025-11-24T16:00:00Z"}])"));
  EXPECT_EQ(compare_status(before, first), StatusChange::kState);
  const Json more = lose(2, std::chrono::seconds(29));
  EXPECT_EQ(compare_status(first, more), StatusChange::kNumbers);
  EXPECT_EQ(compare_status(more, lose(2, std::chrono::seconds(30))), StatusChange::kState);
}

TEST(Status, ForgetsAnErrorThatIsOver) {
  World world;
  world.each_lane("arize", [](report::Lane& lane) { lane.last_error = {"Timeout", ""}; });
  EXPECT_FALSE(destination_of(world.status(), "arize").contains("lastError"));
}

TEST(Status, CutsLongErrorsBetweenCharacters) {
  World world;
  pause_all(world, "arize");
  std::string message(255, 'x');
  message += "ü and more";
  world.each_lane("arize", [&](report::Lane& lane) { lane.last_error->message = message; });
  const Json arize = destination_of(world.status(), "arize");
  EXPECT_EQ(arize.at("lastError").at("message"), std::string(255, 'x'));
}

TEST(Status, KnowsNothingOfADestinationThatNobodySpeaksOf) {
  World world;
  for (AgentReport& agent : world.facts.agents) agent.unreachable = "timeout";
  EXPECT_EQ(destination_of(world.status(), "arize"),
            Json::parse(R"({"name": "arize", "state": "Unknown"})"));
}

TEST(Status, CountsTheNodesThatHaveTheCredentialOfMost) {
  World world;
  for (const size_t agent : {0U, 1U, 2U}) {
    world.lane(agent, "arize").credential_fingerprint = "arize-2";
  }
  world.lane(3, "arize").credential_fingerprint = "";
  world.facts.agents[11].unreachable = "timeout";
  EXPECT_EQ(destination_of(world.status(), "arize").at("credential"),
            Json::parse(R"({"fingerprint": "arize-1", "nodes": "7/12"})"));
}

TEST(Status, TellsOfOldAgentsWhileTheExportIsInvalid) {
  World world;
  world.facts.wanted = nullptr;
  world.facts.faults = {{"spec.arize.endpoint", "no host"}};
  for (AgentReport& agent : world.facts.agents) agent.says.lanes.pop_back();
  const Json status = world.status();
  EXPECT_EQ(array_at(status, {"destinations"}).size(), 1);
  EXPECT_EQ(destination_of(status, "arize").at("state"), "Delivering");
  EXPECT_EQ(condition_of(status, kAgentsType).at("status"), "True");
}

TEST(Status, IsTheSameInWhateverOrderTheAgentsAnswer) {
  World world;
  world.lane(9, "arize").state = "Paused";
  world.lane(9, "arize").last_error = {"AuthRejected", ""};
  world.lane(3, "arize").state = "Paused";
  world.lane(3, "arize").last_error = {"PermissionDenied", ""};
  world.facts.agents[5].says.configuration = {.state = ConfigurationState::kRefused, .why = "b"};
  world.facts.agents[6].says.configuration = {.state = ConfigurationState::kRefused, .why = "a"};
  world.facts.agents[7].unreachable = "timeout";
  world.facts.agents[8].unreachable = "refused";
  const Json status = world.status();
  std::reverse(world.facts.agents.begin(), world.facts.agents.end());
  EXPECT_EQ(world.status(), status);
}

TEST(Status, MovesTheTransitionTimeOnlyWithTheStatus) {
  World world;
  const auto time_of = [](const Json& status) {
    return condition_of(status, kArizeDeliveryType).at("lastTransitionTime").get<std::string>();
  };
  EXPECT_EQ(time_of(world.write()), "2025-11-24T16:00:00Z");
  world.each_lane("arize", [](report::Lane& lane) { lane.state = "Idle"; });
  EXPECT_EQ(time_of(world.write()), "2025-11-24T16:00:00Z");  // still True, with another reason
  pause_all(world, "arize");
  EXPECT_EQ(time_of(world.write()), "2025-11-24T16:02:00Z");
  EXPECT_EQ(time_of(world.write()), "2025-11-24T16:02:00Z");
}

TEST(Status, ReadsWhatWasWrittenByOthersWithCare) {
  for (const char* text : {"null", "[]", "{\"conditions\": 7}", "{\"conditions\": [null, 7]}",
                           R"({"conditions": [{"type": "Ready", "status": 7}]})"}) {
    World world;
    const Json before = Json::parse(text);
    world.facts.previous_status = &before;
    EXPECT_EQ(compare_status(before, world.status()), StatusChange::kState);
    EXPECT_FALSE(changed_conditions(before, world.status()).empty());
  }
}

TEST(CompareStatus, FindsNothingWhereNothingChanged) {
  World world;
  const Json before = world.write();
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kNone);
  EXPECT_THAT(changed_conditions(before, world.status()), IsEmpty());
}

TEST(CompareStatus, IgnoresWhatOthersWrote) {
  World world;
  Json before = world.write();
  before["weather"] = "fine";
  before["conditions"].insert(before["conditions"].begin(), Json{{"type", "example.com/Checked"}});
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kNone);
}

TEST(CompareStatus, TellsNumbersFromStates) {
  const auto change = [](const auto& edit) {
    World world;
    const Json before = world.write();
    edit(world);
    return compare_status(before, world.status());
  };
  const auto arize = [](World& world) -> report::Lane& { return world.lane(0, "arize"); };
  EXPECT_EQ(change([&](World& world) { arize(world).backlog_bytes = 7; }), StatusChange::kNumbers);
  EXPECT_EQ(change([&](World& world) { arize(world).last_delivered = world.facts.now; }),
            StatusChange::kNumbers);
  EXPECT_EQ(change([](World& world) { world.facts.daemon_set->ready = 11; }),
            StatusChange::kNumbers);
  EXPECT_EQ(change([&](World& world) { arize(world).state = "Retrying"; }), StatusChange::kState);
  EXPECT_EQ(change([](World& world) { world.facts.generation = 4; }), StatusChange::kState);
  EXPECT_EQ(change([](World& world) { world.facts.nodes.failing = {{"node-03"}}; }),
            StatusChange::kState);
  EXPECT_EQ(change([](World& world) {
              world.facts.nodes_lost = {{"node-13", {}, {}}};
            }),
            StatusChange::kState);
  EXPECT_EQ(change([](World& world) { world.wanted.databricks.reset(); }), StatusChange::kState);
  EXPECT_EQ(change([](World& world) {
              world.each_lane("arize",
                              [](report::Lane& lane) { lane.credential_fingerprint = "arize-2"; });
            }),
            StatusChange::kState);
}

TEST(CompareStatus, DoesNotKeepWaitingWhoMendsOneFaultAfterTheOther) {
  World world;
  world.secret(SecretFact::State::kSecretMissing, "token");
  const Json before = world.write();
  world.secret(SecretFact::State::kPresent, "token");
  world.secret(SecretFact::State::kSecretMissing, "api-key");
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kState);
}

TEST(CompareStatus, LeavesTheNumbersOfARollOutForLater) {
  World world;
  world.facts.daemon_set->updated = 3;
  const Json before = world.write();
  world.facts.daemon_set->updated = 4;
  EXPECT_EQ(compare_status(before, world.status()), StatusChange::kNumbers);
}

TEST(ChangedConditions, AreThoseWithAnotherStatusOrReason) {
  World world;
  const Json before = world.write();
  pause_all(world, "databricks");
  std::vector<std::string> types;
  for (const Json& condition : changed_conditions(before, world.status())) {
    types.emplace_back(text_at(condition, {"type"}));
  }
  EXPECT_THAT(types, ElementsAre("Ready", "DatabricksDelivering"));
}

}  // namespace
}  // namespace dualtrace::ctl
