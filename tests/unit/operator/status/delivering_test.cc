// SPDX-License-Identifier: Apache-2.0
// The conditions of destinations: pauses, retries, lost spans, and what Ready says about them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using report::LossReason;
using report::LossWord;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// The backlog was late when the agent stopped answering, and no newer report exists.
TEST(Delivering, RemembersWhatFellSilentInTrouble) {
  World world;
  report::Lane& lane = world.lane(4, "arize");
  lane.spans.backlog = 7;
  lane.state = report::LaneState::kRetrying;
  world.facts.agents[4].unreachable = "no answer";
  const Json arize = destination_of(world.status(), "arize");
  EXPECT_EQ(arize.at("nodesFailing"), Json::array({"node-05"}));
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("reason"), "PartlyRetrying");
  lane.state = report::LaneState::kIdle;
  EXPECT_FALSE(destination_of(world.status(), "arize").contains("nodesFailing"));
  lane.state = report::LaneState::kPaused;
  for (AgentReport& agent : world.facts.agents) agent.unreachable = "no answer";
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("reason"), "NoReports");
}

TEST(Ready, FollowsADestinationThatPauses) {
  World world;
  pause("TableMissing")(world);
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "TableMissing");
}

// The destination's error message also appears where the advice refers to.
TEST(Ready, FollowsADestinationThatRefusesEverythingWithItsWordsBeside) {
  for (const std::string reason : {"EverythingRefused", "ForeignAnswer"}) {
    World world;
    pause(reason)(world);
    for (const size_t agent : {3U, 7U}) {
      world.lane(agent, "databricks").last_error->message = "OpenTelemetry is not enabled";
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

// Its egress is blocked while all other nodes deliver.
TEST(NodesNotDelivering, NamesTheNodeAndMakesReadyFalseOnceItsSpansAreLate) {
  World world;
  world.retry_for(3, kNodePatience - std::chrono::seconds(1));
  world.retry_for(5, std::chrono::seconds(10));
  world.lane(5, "arize").last_error->message = "of the other node";
  const Json soon = world.status();
  EXPECT_EQ(condition_of(soon, kArizeDeliveryType).at("reason"), "PartlyRetrying");
  EXPECT_EQ(condition_of(soon, kReadyType).at("status"), "True");
  EXPECT_THAT(condition_of(soon, kReadyType).at("message").get<std::string>(),
              testing::EndsWith("delivered to every destination; ArizeDelivering: spans are "
                                "delivered, but some nodes are retrying: node-04, node-06"));
  EXPECT_EQ(summarize_lanes(world.facts)[0].next_late, world.facts.now + std::chrono::seconds(1));

  world.retry_for(6, std::chrono::hours(6));
  const Json late = world.status();
  const Json ready = condition_of(late, kReadyType);
  EXPECT_EQ(ready.at("status"), "False");
  EXPECT_EQ(ready.at("reason"), "NodesNotDelivering");
  EXPECT_THAT(ready.at("message").get<std::string>(),
              AllOf(testing::StartsWith("ArizeDelivering: other nodes deliver, but spans have "
                                        "waited for more than five minutes on node-07 "),
                    HasSubstr("The agent reports: timed out")));
  EXPECT_EQ(destination_of(late, "arize").at("lastError").at("message"), "timed out");
}

// Behind, but on its way: it delivers what an outage has left.
TEST(NodesNotDelivering, IsNotForALaneThatCatchesUp) {
  World world;
  world.retry_for(3, std::chrono::hours(6));
  world.lane(3, "arize").state = LaneState::kDelivering;
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("reason"), "Delivering");
  world.lane(3, "arize").state = LaneState::kRetrying;
  world.lane(3, "arize").last_delivered = world.facts.now - std::chrono::seconds(5);
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("reason"), "PartlyRetrying")
      << "one request of many was answered with a 503";
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
}

TEST(PermissionDenied, SaysAllThatArizeMayMeanAndItsOwnWords) {
  World world;
  world.lane(3, "arize").state = "Paused";
  world.lane(3, "arize").last_error = {"PermissionDenied", "api key not found"};
  const auto message =
      condition_of(world.status(), kArizeDeliveryType).at("message").get<std::string>();
  EXPECT_THAT(message, AllOf(HasSubstr("wrong key"), HasSubstr("another region"),
                             HasSubstr("may not write to this space"),
                             HasSubstr("The agent reports: api key not found")));
}

// Only one application sends spans, and it names no project: its spans wait.
TEST(Retrying, SaysWhatToDoWhereSpansAreRefusedAndInWhichWords) {
  World world;
  world.each_lane("arize", [](report::Lane& lane) {
    lane.state = LaneState::kRetrying;
    lane.last_error = {"MissingProject", "external_model_id is required"};
  });
  EXPECT_THAT(condition_of(world.status(), kArizeDeliveryType).at("message").get<std::string>(),
              AllOf(HasSubstr("set spec.arize.project"),
                    HasSubstr("The agent reports: external_model_id is required")));
}

std::string arize_says(const World& world) {
  return condition_of(world.status(), kArizeDeliveryType).at("message").get<std::string>();
}

void refuse_everything(World& world, const std::string& cause) {
  report::Lane& lane = world.lane(3, "arize");
  lane.state = LaneState::kPaused;
  lane.last_error = {.reason = "EverythingRefused", .message = "its words", .cause = cause};
}

// Every application sends what the destination refuses, or the export lacks something: the fix is
// that of the refusal.
TEST(EverythingRefused, SaysWhatToDoAboutTheCause) {
  const std::vector<std::pair<std::string, std::string>> fixes = {
      {"MissingProject",
       "latest refusal is MissingProject: Arize accepts no span without a project; set "
       "spec.arize.project"},
      {"InvalidData",
       "latest refusal is InvalidData: in the application that sends the spans, fix"},
      {"TooLarge",
       "latest refusal is TooLarge: a single span is larger than the destination accepts"},
      {"ForeignAnswer",
       "latest refusal is ForeignAnswer: the answers do not come from the destination"},
      {"OfANewerAgent", "latest refusal is OfANewerAgent. Spans are kept"}};
  for (const auto& [cause, fix] : fixes) {
    SCOPED_TRACE(cause);
    World world;
    refuse_everything(world, cause);
    const Json condition = condition_of(world.status(), kArizeDeliveryType);
    EXPECT_EQ(condition.at("reason"), "EverythingRefused");
    EXPECT_THAT(arize_says(world), AllOf(HasSubstr(fix), HasSubstr("become dead letters"),
                                         HasSubstr("The agent reports: its words"),
                                         Not(HasSubstr("docs/operations.md"))))
        << "nothing is a dead letter yet";
    EXPECT_EQ(condition_of(world.status(), kReadyType).at("message"),
              "ArizeDelivering: " + arize_says(world));
  }
}

// An agent of the previous version does not report the cause.
TEST(EverythingRefused, BlamesNothingThatIsNotKnown) {
  World world;
  refuse_everything(world, "");
  EXPECT_THAT(arize_says(world),
              AllOf(HasSubstr("the export, the destination's setup, or something that all spans "
                              "have in common; fix what status.destinations[].lastError names"),
                    Not(HasSubstr("latest refusal"))));
}

// What became of the spans depends on the reason, too: damage leaves nothing to keep.
TEST(Losses, SayForEachReasonWhatBecameOfTheSpansAndWhatToDo) {
  struct Loss {
    LossReason reason;
    LossWord word;
    Reason condition;
    std::string says;
  };
  const std::string kept = "20 refused for good and kept as dead letters on node-04 (";
  const std::vector<Loss> losses = {
      {LossReason::kMissingProject, LossWord::kDeadLettered, reason::kSpansDeadLettered,
       kept + "MissingProject): Arize accepts no span without a project; set "
              "spec.arize.project"},
      {LossReason::kInvalidData, LossWord::kDeadLettered, reason::kSpansDeadLettered,
       kept + "InvalidData): in the application that sends the spans, fix"},
      {LossReason::kTooLarge, LossWord::kDeadLettered, reason::kSpansDeadLettered,
       kept + "TooLarge): a single span is larger"},
      {LossReason::kRejected, LossWord::kRejected, reason::kSpansRejected,
       "20 rejected on node-04 (Rejected): the destination accepted the other spans"},
      {LossReason::kBacklog, LossWord::kExpired, reason::kSpansExpired,
       "20 given up on node-04 (Backlog): the backlog exceeded spec.delivery.maxBacklog"},
      {LossReason::kAge, LossWord::kExpired, reason::kSpansExpired,
       "20 given up on node-04 (Age): they waited longer than spec.delivery.maxAge"},
      {LossReason::kJournalDamage, LossWord::kDeadLettered, reason::kSpansDeadLettered,
       "20 lost from the journal on node-04 (JournalDamage): the journal on the node's disk is "
       "damaged; check the disk"}};
  std::set<std::string_view> told;
  for (const Loss& loss : losses) {
    const std::string name(to_string(loss.reason));
    SCOPED_TRACE(name);
    told.insert(to_string(loss.reason));
    World world;
    world.lane(3, "arize").losses = {{.word = loss.word, .reason = name, .lately = 20}};
    EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("reason"), loss.condition.name);
    EXPECT_THAT(arize_says(world), HasSubstr(loss.says));
    const bool letters = loss.says.starts_with(kept);
    EXPECT_EQ(arize_says(world).find("dead letters") != std::string::npos, letters);
    EXPECT_EQ(arize_says(world).find("docs/operations.md") != std::string::npos, letters);
  }
  EXPECT_EQ(told.size(), report::kWords<LossReason>.size());
}

// Each node counts once, whether its agent still tells, or an operator remembers.
TEST(Losses, IncludeThoseThatNoAgentTellsOfAnyMore) {
  World world;
  const WallTime now = world.facts.now;
  const auto remembered = [&](const std::string& node, uint64_t spans) {
    world.facts.recent_losses.push_back({.node = node,
                                         .destination = "arize",
                                         .word = LossWord::kExpired,
                                         .reason = "Age",
                                         .spans = spans,
                                         .message = "",
                                         .last = now,
                                         .until = now + report::kLossWindow});
  };
  remembered("node-04", 20);
  remembered("node-gone", 5);
  world.lane(3, "arize").losses = {
      {.word = LossWord::kExpired, .reason = "Age", .spans = 12, .lately = 12}};
  const Json status = world.status();
  EXPECT_EQ(condition_of(status, kArizeDeliveryType).at("reason"), reason::kSpansExpired.name);
  EXPECT_THAT(arize_says(world), HasSubstr("25 given up on node-04, node-gone (Age)"));
  EXPECT_EQ(destination_of(status, "arize").at("lost").at("spans"), 25);
  EXPECT_EQ(condition_of(status, kDatabricksDeliveryType).at("status"), "True");
}

TEST(Losses, ComeBesideThePauseThatCausesThem) {
  World world;
  pause("TableMissing")(world);
  world.lane(3, "databricks").losses = {{.word = LossWord::kExpired, .reason = "Age", .lately = 7}};
  const Json condition = condition_of(world.status(), kDatabricksDeliveryType);
  EXPECT_EQ(condition.at("reason"), "TableMissing");
  EXPECT_THAT(condition.at("message").get<std::string>(), HasSubstr("7 given up on node-04 (Age)"));
}

TEST(Losses, AreOverWhenNoneWasLately) {
  World world;
  world.lane(3, "arize").losses = {
      {.word = LossWord::kDeadLettered, .reason = "InvalidData", .spans = 40}};
  EXPECT_EQ(condition_of(world.status(), kArizeDeliveryType).at("status"), "True");
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
}

TEST(Losses, OfANewerAgentAreNoDelivery) {
  World world;
  world.lane(3, "arize").losses = {{.word = "evaporated", .reason = "Sun", .lately = 7}};
  const Json condition = condition_of(world.status(), kArizeDeliveryType);
  EXPECT_EQ(condition.at("status"), "False");
  EXPECT_THAT(condition.at("message").get<std::string>(),
              HasSubstr("7 evaporated on node-04 (Sun)"));
}

// An unknown state proves nothing, least of all that delivery works.
TEST(Delivering, IsInDoubtForAStateThatOnlyNewerAgentsHave) {
  World world;
  world.lane(3, "arize").state = "Napping";
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "Unknown") << "of one of them";
  state_of_arize(world, "Napping");
  const Json status = world.status();
  EXPECT_EQ(condition_of(status, kArizeDeliveryType).at("status"), "Unknown");
  EXPECT_THAT(condition_of(status, kArizeDeliveryType).at("message").get<std::string>(),
              HasSubstr("\"Napping\""));
  EXPECT_EQ(condition_of(status, kReadyType).at("status"), "Unknown");
  EXPECT_EQ(destination_of(status, "arize").at("state"), "Unknown");
}

}  // namespace
}  // namespace dualtrace::ctl
