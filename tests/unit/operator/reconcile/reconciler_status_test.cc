// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/certs/certificate.h"
#include "common/config/credential_part.h"
#include "common/config/credential_text.h"
#include "operator/status/conditions.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Texts = std::vector<std::string>;

const Texts kStatusOnce{"apply dualtraceexports/status shop/agents"};

AgentReport report(uint64_t backlog_bytes, const std::string& state = "Delivering") {
  AgentReport made;
  made.node = "node-1";
  made.pod = "agents-dualtrace-1";
  for (const char* name : {"arize", "databricks"}) {
    report::Lane& lane = made.says.lanes.emplace_back();
    lane.name = name;
    lane.state = state;
    lane.backlog_bytes = backlog_bytes;
  }
  return made;
}

AgentReport report_using(const std::string& api_key) {
  AgentReport made = report(0, "Idle");
  made.says.lanes[0].credentials = {{.part = CredentialPart::kAPIKey,
                                     .state = report::CredentialState::kLoaded,
                                     .fingerprint = credential_fingerprint(api_key)}};
  for (report::Lane& lane : made.says.lanes) lane.credential_fingerprint = lane.name + "-1";
  return made;
}

TEST(ReconcilerStatus, WritesStatesAtOnceAndNumbersNowAndThen) {
  World world;
  world.agents.said = {report(10)};
  world.settle();
  world.api.forget_calls();

  world.clock.advance(seconds(12));
  world.agents.said = {report(20)};
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_EQ(*next->after, seconds(18)) << "for the counts";
  EXPECT_THAT(world.api.writes(), IsEmpty());

  world.clock.advance(seconds(18));
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.api.writes(), kStatusOnce);
  EXPECT_EQ(world.status()["destinations"][0]["backlogBytes"], 20);

  world.api.forget_calls();
  world.agents.said = {report(20, "Retrying")};
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.api.writes(), kStatusOnce);
}

Json senders(const World& world) {
  return world.child(kube::kNetworkPolicies)["spec"]["ingress"][0]["from"];
}
const Json kOwnNamespace = Json::array({{{"podSelector", Json::object()}}});
const Json kEverybody = Json::array({{{"namespaceSelector", Json::object()}}});

// The status as an earlier operator left it.
void forget_consent(World& world) {
  world.edit_export([](Json& object) { object["status"].erase("consent"); });
}

TEST(ReconcilerStatus, AsksANewExportForItsConsent) {
  World world;
  world.settle();
  EXPECT_EQ(world.status()["consent"], "Explicit");
  EXPECT_EQ(world.condition("ConfigValid"), "True Valid");
  EXPECT_EQ(senders(world), kOwnNamespace);
}

TEST(ReconcilerStatus, LetsAnExportOfBeforeGoOnAndSaysWhatToWrite) {
  World world;
  world.settle();
  forget_consent(world);
  world.restart();
  world.agents.said = {report(10)};
  world.settle();
  EXPECT_EQ(world.status()["consent"], "AllAsBefore");
  EXPECT_EQ(world.condition("ConfigValid"), "True ConsentAssumed");
  EXPECT_EQ(senders(world), kEverybody);

  world.edit_export([](Json& object) {
    object["spec"]["injection"]["namespaceSelector"]["matchLabels"] = {{"team", "sales"}};
  });
  world.settle();
  EXPECT_EQ(world.status()["consent"], "TrueAsBefore");
  EXPECT_EQ(senders(world).size(), 2U) << "its author has set whom it admits";

  world.edit_export([](Json& object) { object["spec"].erase("injection"); });
  world.settle();
  EXPECT_EQ(world.status()["consent"], "TrueAsBefore");
  EXPECT_EQ(senders(world), kOwnNamespace);
}

TEST(ReconcilerStatus, KeepsTheWordOfConsentThroughFaults) {
  World world;
  world.settle();
  world.edit_export([](Json& object) { object["spec"]["arize"]["region"] = "APAC"; });
  world.settle();
  EXPECT_EQ(world.condition("ConfigValid"), "False Invalid");
  EXPECT_EQ(world.status()["consent"], "Explicit");
}

AgentReport losing(uint64_t lately, WallTime now) {
  AgentReport made = report(0, "Idle");
  made.says.now = now;
  made.says.started = now - seconds(lately > 0 ? 1000 : 1);
  if (lately == 0) return made;
  made.says.lanes[0].losses = {{.word = report::LossWord::kRejected,
                                .reason = "Rejected",
                                .spans = lately,
                                .lately = lately,
                                .last = now,
                                .message = "span id is zero"}};
  return made;
}

TEST(ReconcilerStatus, TellsOfALossForItsWindowWhoeverIsRestarted) {
  const auto agent_restarts = [](World& world) {
    world.agents.said = {losing(0, world.clock.wall())};
  };
  const auto node_is_removed = [](World& world) { world.agents.said = {}; };
  const auto agent_drains = [](World& world) { world.agents.said[0].ending = true; };
  const auto both_restart = [&](World& world) {
    world.restart();
    agent_restarts(world);
  };
  const std::vector<std::function<void(World&)>> events = {agent_restarts, node_is_removed,
                                                           agent_drains, both_restart};
  for (size_t event = 0; event < events.size(); ++event) {
    SCOPED_TRACE(event);
    World world;
    world.agents.said = {losing(7, world.clock.wall())};
    world.settle();
    EXPECT_EQ(world.condition("ArizeDelivering"), "False SpansRejected");
    world.clock.advance(seconds(20));
    events[event](world);
    world.settle();
    EXPECT_EQ(world.condition("ArizeDelivering"), "False SpansRejected");
    EXPECT_EQ(world.status()["recentLosses"][0]["spans"], 7);
    agent_restarts(world);
    const auto next = world.run();
    ASSERT_TRUE(next && next->after);
    EXPECT_LE(*next->after, report::kLossWindow - seconds(20));
    world.clock.advance(report::kLossWindow - seconds(20));
    agent_restarts(world);
    world.settle();
    EXPECT_EQ(world.condition("ArizeDelivering"), "True Idle");
    EXPECT_FALSE(world.status().contains("recentLosses"));
  }
}

TEST(ReconcilerStatus, IsNotWrittenAgainBecauseTheCacheDoesNotShowItYet) {
  World world;
  world.settle();
  world.api.forget_calls();
  world.cache.refresh();
  world.agents.said = {report(10, "Paused")};
  ASSERT_TRUE(world.reconcile());
  const Json written = world.status();
  world.clock.advance(seconds(5));
  ASSERT_TRUE(world.reconcile());
  EXPECT_EQ(world.api.writes(), kStatusOnce);
  EXPECT_EQ(world.status(), written);
}

TEST(ReconcilerStatus, IsPutBackWhenSomebodyElseWritesIt) {
  World world;
  world.settle();
  world.edit_export([](Json& object) { object["status"]["conditions"][1]["reason"] = "Wrong"; });
  world.api.forget_calls();
  world.settle();
  EXPECT_EQ(world.api.writes(), kStatusOnce);
}

TEST(ReconcilerStatus, OfAnExportDeletedMeanwhileIsNoFailure) {
  World world;
  world.cache.refresh();
  world.api.erase(kDualTraceExports, kExport);
  EXPECT_TRUE(world.reconcile());
}

TEST(ReconcilerStatus, IsTriedAgainWhenItCannotBeWritten) {
  World world;
  world.api.fail_next("apply", kDualTraceExports, {ErrorKind::kUnavailable, "down"});
  EXPECT_EQ(world.run().error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(world.events.told(), IsEmpty()) << "events match the status";
  world.settle();
  EXPECT_EQ(world.condition("ConfigValid"), "True Valid");
}

TEST(ReconcilerStatus, WaitsForTheFirstAnswersOfAgentsAfterAStart) {
  World world;
  world.agents.said = {report(10)};
  world.settle();
  const Json before = world.status();
  world.restart();
  world.agents.said = {};
  world.agents.all_asked = false;
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_EQ(world.status(), before);
  world.agents.said = {report(10)};
  world.agents.all_asked = true;
  world.settle();
  EXPECT_EQ(world.status(), before);
}

TEST(ReconcilerStatus, DoesNotWaitForAgentsToSayThatTheExportHasChanged) {
  World world;
  world.settle();
  world.agents.all_asked = false;
  world.edit_export([](Json& object) { object["spec"]["databricks"]["table"] = "spans"; });
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.condition("ConfigValid"), "False Invalid");
}

TEST(ReconcilerEvents, TellOnceWhatTheApiServerTakesNoStatusFor) {
  World world;
  world.settle();
  world.events.events.clear();
  world.edit_export([](Json& object) { object["spec"]["arize"] = "a text"; });
  for (int i = 0; i < 3; ++i) {
    world.api.fail_next("apply", kDualTraceExports, {ErrorKind::kInvalid, "expected map"});
    const auto next = world.run();
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().kind, ErrorKind::kInvalid) << "a retry would not help";
  }
  EXPECT_THAT(world.events.told(), Contains("Warning Invalid").Times(1));
  EXPECT_EQ(world.condition("ConfigValid"), "True Valid");
}

TEST(ReconcilerStatus, SaysThatARolloutStandsStill) {
  World world;
  world.settle();
  world.roll_out(2);
  world.edit(kube::kDaemonSets, [](Json& object) { object["status"]["numberAvailable"] = 1; });
  world.settle();
  EXPECT_EQ(world.condition("Progressing"), "True RollingOut");
  world.clock.advance(seconds(400));
  world.edit(kube::kDaemonSets, [](Json& object) { object["status"]["numberReady"] = 1; });
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LE(*next->after, kRolloutPatience);
  world.clock.advance(seconds(400));
  world.settle();
  EXPECT_EQ(world.condition("Progressing"), "True RollingOut")
      << "it has made progress in the meantime";
  world.clock.advance(seconds(200));
  world.settle();
  EXPECT_EQ(world.condition("Progressing"), "False Stalled");
  EXPECT_THAT(world.events.told(), Contains("Warning PodsUnavailable"));
}

// The agents' clocks do not matter, and neither does what an earlier operator may have observed.
TEST(ReconcilerStatus, WaitsForASilentNodeByItsOwnClock) {
  World world;
  const auto use = [&](const std::string& fingerprint) {
    AgentReport& agent = world.agents.said[0];
    report::Lane& lane = agent.says.lanes[0];
    lane.credential.previous = {lane.credential_fingerprint,
                                world.clock.wall() - std::chrono::hours(1)};
    lane.credential_fingerprint = fingerprint;
  };
  const auto unused_since = [&] {
    const Json status = world.status();
    return text_at(array_at(status, {"destinations"}).at(0),
                   {"credential", "previousCredentialUnusedSince"}) != "";
  };
  world.agents.said = {report_using("key-1"), report_using("key-1")};
  world.agents.said[1].node = "silent";
  world.agents.said[1].unreachable = "no answer";
  world.settle();
  world.clock.advance(kSilencePatience);
  use("arize-2");
  world.settle();
  EXPECT_FALSE(unused_since());
  world.clock.advance(kSilencePatience - seconds(1));
  world.restart();
  world.settle();
  EXPECT_FALSE(unused_since());
  world.clock.advance(kSilencePatience - seconds(1));
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LE(*next->after, seconds(1));
  EXPECT_FALSE(unused_since());
  world.clock.advance(seconds(1));
  world.settle();
  EXPECT_TRUE(unused_since());
}

// The kubelet keeps the old Secret for as long as a pod on the node mounts it.
TEST(ReconcilerStatus, SaysThatAnImmutableSecretMadeAgainIsNotTaken) {
  World world;
  world.agents.said = {report_using("key-1")};
  world.settle();
  world.roll_out(1);
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "True Synced");
  Json again = secret("arize", {{"api-key", "key-2"}, {"space-id", kSpaceId}});
  again["immutable"] = true;
  world.api.put(kube::kSecrets, again);
  world.clock.advance(std::chrono::minutes(11));
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "False RotationInProgress");
  EXPECT_EQ(world.condition("Ready"), "True Ready");
  world.clock.advance(kSyncPatience);
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "False SecretNotTaken");
  EXPECT_EQ(world.condition("Ready"), "False SecretNotTaken");
  EXPECT_THAT(world.events.told(), Contains("Warning SecretNotTaken").Times(1));
  world.agents.said = {report_using("key-2")};
  world.settle();
  EXPECT_EQ(world.condition("Ready"), "True Ready");
}

// The same for what is no credential, without a word about a rotation.
TEST(ReconcilerStatus, SaysThatAnImmutableAuthorityMadeAgainIsNotTaken) {
  World world;
  const auto put = [&](const std::string& pem) {
    world.api.put(kube::kConfigMaps, {{"metadata", {{"namespace", "shop"}, {"name", "trust"}}},
                                      {"immutable", true},
                                      {"data", {{"ca.crt", pem}}}});
  };
  const auto say = [&](const std::string& pem) {
    world.agents.said = {report_using("key-1")};
    world.agents.said[0].says.lanes[0].connection_files = {
        {.part = CredentialPart::kAuthority,
         .state = report::CredentialState::kLoaded,
         .fingerprint = fingerprint_of(CredentialPart::kAuthority, trim_secret(pem))}};
  };
  const auto new_authority = [] {
    constexpr Duration kLife = std::chrono::hours(24 * 365 * 100);
    return make_authority("company", WallTime(), kLife)->certificate.pem;
  };
  const std::string first = new_authority();
  put(first);
  world.edit_export([](Json& made) {
    made["spec"]["arize"]["ca"] = {{"configMapName", "trust"}, {"key", "ca.crt"}};
  });
  say(first);
  world.settle();
  world.roll_out(1);
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "True Synced");

  const std::string second = new_authority();
  put(second);
  world.clock.advance(std::chrono::minutes(11));
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "False RotationInProgress");
  // Nothing else happens that would make it look again.
  for (const Tick since = world.clock.tick(); world.clock.tick() - since < kSyncPatience;) {
    const auto next = world.run();
    ASSERT_TRUE(next && next->after);
    world.clock.advance(*next->after);
  }
  ASSERT_TRUE(world.run());
  EXPECT_EQ(world.condition("CredentialsSynced"), "False SecretNotTaken");
  EXPECT_EQ(world.condition("Ready"), "False SecretNotTaken");
  say(second);
  world.settle();
  EXPECT_EQ(world.condition("Ready"), "True Ready");
  EXPECT_THAT(world.events.told(), Not(Contains(HasSubstr("PreviousCredential"))));
}

// Agents notice a deletion within two minutes; the operator itself looks every ten.
TEST(ReconcilerStatus, LooksAtTheSecretAnewWhenAgentsMissIt) {
  World world;
  world.agents.said = {report_using("key-1")};
  world.settle();
  world.roll_out(1);
  world.settle();
  world.api.erase(kube::kSecrets, {"shop", "arize"});
  world.clock.advance(seconds(30));
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "True Synced") << "nobody has noticed";

  world.agents.said[0].says.lanes[0].credentials[0].state = report::CredentialState::kMissing;
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LE(*next->after, seconds(17));
  EXPECT_EQ(world.condition("CredentialsSynced"), "False NotMounted");
  world.clock.advance(seconds(17));
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "False SecretMissing");
}

// The operator's own view is stale: it rereads the Secret before it blames the agents.
TEST(ReconcilerStatus, LooksAtTheSecretAnewWhenAgentsUseSomethingElse) {
  World world;
  world.agents.said = {report_using("key-1")};
  world.settle();
  world.roll_out(1);
  world.settle();
  world.api.put(kube::kSecrets, secret("arize", {{"api-key", "key-2"}, {"space-id", kSpaceId}}));
  world.agents.said = {report_using("key-2")};
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LE(*next->after, seconds(17));
  world.clock.advance(seconds(17));
  world.settle();
  EXPECT_EQ(world.condition("CredentialsSynced"), "True Synced");
}

// The event and the condition have the same message.
TEST(ReconcilerEvents, TellOfSpansThatEndElsewhere) {
  World world;
  world.agents.said = {report(0, "Delivering")};
  world.settle();
  world.roll_out(1);
  world.settle();
  world.events.events.clear();
  world.agents.said[0].says.lanes[0].losses = {{.word = report::LossWord::kDeadLettered,
                                                .reason = "MissingProject",
                                                .spans = 40,
                                                .lately = 40,
                                                .message = "external_model_id is required"}};
  world.settle();
  EXPECT_THAT(world.events.told(), ElementsAre("Warning SpansDeadLettered"));
  EXPECT_EQ(world.condition("Ready"), "False SpansDeadLettered");
  const Json status = world.status();
  for (const Json& condition : array_at(status, {"conditions"})) {
    if (text_at(condition, {"type"}) != "ArizeDelivering") continue;
    EXPECT_EQ(world.events.events[0].note,
              "ArizeDelivering: " + condition.at("message").get<std::string>());
  }
}

Json agent_pod(const std::string& node) {
  return {{"metadata",
           {{"namespace", "shop"},
            {"name", "agents-dualtrace-1"},
            {"uid", node},
            {"labels", {{"dualtrace.dev/export", "agents"}}}}},
          {"spec", {{"nodeName", node}}},
          {"status",
           {{"phase", "Running"},
            {"podIP", "10.0.0.1"},
            {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
}

// An agent on node-1 has spans that are not delivered.
void run_with_backlog(World& world) {
  world.api.put(kube::kPods, agent_pod("node-1"));
  world.agents.said = {report(10, "Retrying")};
  world.agents.said[0].says.lanes[0].spans.backlog = 40;
  world.settle();
  world.roll_out(1);
  world.settle();
}

void remove_node(World& world) {
  world.api.erase(kube::kPods, {"shop", "agents-dualtrace-1"});
  world.agents.said.clear();
  world.roll_out(0);
}

TEST(ReconcilerStatus, SaysThatAgentsAreSilentAlsoAfterARestartOfTheOperator) {
  World world;
  run_with_backlog(world);
  world.agents.said[0].unreachable = "no answer";
  world.settle();
  world.clock.advance(std::chrono::minutes(5));
  world.settle();
  EXPECT_EQ(world.condition("AgentsAvailable"), "Unknown AgentsSilent");
  EXPECT_THAT(world.events.told(), Contains("Warning AgentsSilent").Times(1));
  world.restart();
  world.settle();
  EXPECT_EQ(world.condition("AgentsAvailable"), "Unknown AgentsSilent");
  EXPECT_THAT(world.events.told(), Contains("Warning AgentsSilent").Times(1));
}

// The node goes, and the operator with it, before anybody has missed the node.
TEST(ReconcilerEvents, TellOfANodeThatTookTheOperatorWithIt) {
  World world;
  run_with_backlog(world);
  remove_node(world);
  world.restart();
  world.settle();
  world.clock.advance(std::chrono::minutes(5));
  world.settle();
  EXPECT_EQ(world.status()["nodesLost"][0]["node"], "node-1");
  EXPECT_THAT(world.events.told(), Contains("Warning NodeLost").Times(1));
}

TEST(ReconcilerEvents, TellOfANodeThatTookSpansWithItOnce) {
  World world;
  run_with_backlog(world);
  EXPECT_FALSE(world.status().contains("nodesLost"));

  remove_node(world);
  world.settle();
  const auto next = world.run();
  ASSERT_TRUE(next && next->after);
  EXPECT_LE(*next->after, std::chrono::minutes(5));
  world.clock.advance(std::chrono::minutes(5));
  world.settle();
  EXPECT_EQ(world.status()["nodesLost"][0]["node"], "node-1");
  EXPECT_EQ(world.status()["nodesLost"][0]["destinations"][0]["spans"], 40);
  EXPECT_THAT(world.events.told(), Contains("Warning NodeLost").Times(1));

  world.restart();
  world.settle();
  EXPECT_EQ(world.status()["nodesLost"][0]["node"], "node-1") << "for a day, whoever leads";
  world.clock.advance(std::chrono::hours(24));
  world.settle();
  EXPECT_FALSE(world.status().contains("nodesLost"));
  EXPECT_THAT(world.events.told(), Contains("Warning NodeLost").Times(1));
}

TEST(ReconcilerEvents, TellWhatChangedAndOnlyThen) {
  World world;
  world.api.erase(kube::kSecrets, {"shop", "arize"});
  world.settle();
  EXPECT_THAT(world.events.told(), ElementsAre("Warning SecretMissing")) << "Ready adds no event";
  EXPECT_EQ(world.events.events[0].regarding["kind"], "DualTraceExport");
  EXPECT_EQ(world.events.events[0].regarding["uid"],
            world.api.find(kDualTraceExports, kExport)->at("metadata").at("uid"));
  world.events.events.clear();
  world.settle();
  EXPECT_THAT(world.events.told(), IsEmpty());

  world.api.put(kube::kSecrets, secret("arize", {{"api-key", "k"}, {"space-id", kSpaceId}}));
  world.clock.advance(seconds(20));
  world.settle();
  EXPECT_THAT(world.events.told(), Contains("Normal Synced"));
}

TEST(ReconcilerEvents, AgentsThatAreBeingStartedAreNoNewsAndOnesThatEndedAre) {
  World world;
  world.settle();
  world.agents.said = {report(0, "Idle")};
  world.roll_out(1);
  world.edit(kube::kDaemonSets, [](Json& object) { object["status"]["numberAvailable"] = 0; });
  world.settle();
  EXPECT_THAT(world.events.told(), Not(Contains("Warning PodsUnavailable")));
  world.roll_out(1);
  world.settle();
  EXPECT_THAT(world.events.told(), Contains("Normal Ready"));
  world.events.events.clear();
  world.edit(kube::kDaemonSets, [](Json& object) { object["status"]["numberAvailable"] = 0; });
  world.settle();
  EXPECT_THAT(world.events.told(), ElementsAre("Warning PodsUnavailable"));
}

TEST(ReconcilerEvents, ARestartIsNoNews) {
  World world;
  world.settle();
  world.events.events.clear();
  world.restart();
  world.settle();
  EXPECT_THAT(world.events.told(), IsEmpty());
}

}  // namespace
}  // namespace dualtrace::ctl
