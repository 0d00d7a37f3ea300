// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/node_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Trouble = NodesFact::Trouble;

const WallTime kStart = from_unix_nanos(1'764'000'000'000'000'000);

// One agent per node.
struct Agent {
  std::string uid = "1";
  bool ready = true;
  bool containers_ready = true;
  int restarts = 0;
  bool polled = true;
  std::optional<std::string> unreachable{};
  std::string not_ready_reason{};
  std::string since{};  // lastTransitionTime of the pod's condition
};

constexpr const char* kUnheard =
    "NodeNotReady: the node's kubelet does not report to the control plane";

// No node reports anything else.
NodesFact serving_on(int64_t nodes) {
  NodesFact fact;
  fact.serving = nodes;
  return fact;
}

class NodeWatchTest : public testing::Test {
 protected:
  NodesFact look(Duration after = {}) {
    now_ += after;
    std::vector<kube::ObjectPointer> pods;
    std::vector<AgentReport> reports;
    for (const auto& [node, agent] : agents) {
      const std::string name = "agent-" + node;
      pods.push_back(std::make_shared<const Json>(
          Json{{"metadata", {{"namespace", "shop"}, {"name", name}, {"uid", agent.uid}}},
               {"spec", {{"nodeName", node}}},
               {"status",
                {{"conditions", Json::array({{{"type", "Ready"},
                                              {"status", agent.ready ? "True" : "False"},
                                              {"lastTransitionTime", agent.since}}})},
                 {"containerStatuses", Json::array({{{"ready", agent.containers_ready},
                                                     {"restartCount", agent.restarts}}})}}}}));
      if (!agent.polled) continue;
      AgentReport report{.node = node, .pod = name, .unreachable = agent.unreachable};
      report.says.not_ready_reason = agent.not_ready_reason;
      reports.push_back(std::move(report));
    }
    const auto nodes = static_cast<int64_t>(agents.size());
    set.desired = nodes;
    set.scheduled = nodes - missing;
    watch.note(pods, reports, set, {now_, kStart + now_.time_since_epoch()});
    return watch.fact(now_);
  }
  UnservedFact unserved(const std::map<std::string, PodsOnNode>& injected) {
    return watch.unserved(injected, now_);
  }

  NodeWatch watch;
  std::map<std::string, Agent> agents{{"a", {}}, {"b", {}}};
  DaemonSetFact set;
  int64_t missing = 0;

  Tick now_{};
};

TEST_F(NodeWatchTest, GivesANodeThatJoinsFiveMinutes) {
  EXPECT_EQ(look(), serving_on(2));
  agents["new"] = {.ready = false, .containers_ready = false};
  EXPECT_THAT(look().awaited, ElementsAre("new"));
  EXPECT_THAT(look(minutes(5) - seconds(1)).failing, IsEmpty());
  EXPECT_EQ(watch.look_again(now_), now_ + seconds(1));
  EXPECT_THAT(look(seconds(1)).failing, ElementsAre(Trouble{"new"}));
}

TEST_F(NodeWatchTest, GivesANodeFiveMinutesThatItsKubeletSaysNothingOf) {
  look();
  agents["a"].unreachable = "no answer";
  EXPECT_THAT(look(seconds(30)).awaited, ElementsAre("a"));
  agents["a"].ready = false;  // set by the control plane; containers keep their last state
  EXPECT_EQ(look(seconds(10)).unheard, 1);
  EXPECT_THAT(look().awaited, ElementsAre("a"));
  EXPECT_THAT(look(minutes(5) - seconds(10)).failing, ElementsAre(Trouble{"a", "", kUnheard}))
      << "counted from the first missed report";
  agents["a"] = {};
  EXPECT_EQ(look(seconds(1)), serving_on(2));
}

TEST_F(NodeWatchTest, GivesNoNewTimeAfterARestartOfTheOperator) {
  agents["a"].ready = false;
  agents["a"].since = "2025-11-24T15:57:00Z";  // three minutes before the start
  EXPECT_THAT(look().awaited, ElementsAre("a"));
  EXPECT_THAT(look(minutes(2)).failing, ElementsAre(Trouble{"a", "", kUnheard}));
}

TEST_F(NodeWatchTest, GivesASilentAgentNoNewTimeAfterARestartOfTheOperator) {
  look();
  agents["a"].unreachable = "no answer";
  const NodesFact fact = look(seconds(30));
  EXPECT_THAT(fact.awaited, ElementsAre("a"));
  ASSERT_THAT(fact.unanswering, ElementsAre(NodesFact::SilentAgent{"a", kStart + seconds(30)}));
  watch = {};
  watch.resume(
      {{"agents",
        {{"nodesSilent", Json::array({{{"node", "a"}, {"since", rfc3339(kStart + seconds(30))}},
                                      {{"node", "gone"}, {"since", rfc3339(kStart)}}})}}}});
  EXPECT_THAT(look(minutes(4)).awaited, ElementsAre("a"));
  EXPECT_THAT(look(minutes(1)).silent, ElementsAre(Trouble{"a", "no answer"}));
  EXPECT_THAT(look().unanswering, SizeIs(1));
  agents["a"].unreachable.reset();
  EXPECT_EQ(look(seconds(1)), serving_on(2));
  agents["a"].unreachable = "no answer";
  EXPECT_THAT(look(minutes(4)).awaited, ElementsAre("a")) << "it has answered meanwhile";
}

TEST_F(NodeWatchTest, TakesAnAgentForSilentUntilTheNewOperatorHasPolledIt) {
  watch.resume(
      {{"agents", {{"nodesSilent", Json::array({{{"node", "a"}, {"since", rfc3339(kStart)}}})}}}});
  agents["a"].polled = false;
  EXPECT_THAT(look(minutes(5)).silent, ElementsAre(Trouble{"a"}));
}

// A pod that is evicted again and again, for example.
TEST_F(NodeWatchTest, GivesTheNextPodOfANodeThatNeverServedNoNewTime) {
  look();
  for (int pod = 0; pod < 5; ++pod) {
    agents["new"] = {.uid = std::to_string(pod),
                     .ready = false,
                     .containers_ready = false,
                     .since = rfc3339(kStart + now_.time_since_epoch())};
    EXPECT_THAT(look().awaited, ElementsAre("new"));
    look(minutes(1));
    agents.erase("new");
    EXPECT_THAT(look(seconds(1)).awaited, IsEmpty());
  }
  agents["new"] = {.ready = false, .containers_ready = false};
  EXPECT_THAT(look().failing, ElementsAre(Trouble{"new"}));
  agents["new"] = {};
  EXPECT_EQ(look(), serving_on(3));
}

TEST_F(NodeWatchTest, APodThatFailedAndIsDeletedLeavesItsNodeUnserved) {
  look();
  unserved({});
  agents["a"] = {.ready = false, .containers_ready = false};
  look();
  const std::map<std::string, PodsOnNode> injected = {{"a", {1, {"shop/web"}}}};
  EXPECT_EQ(unserved(injected).pods, 1);
  agents.erase("a");
  look(seconds(1));
  EXPECT_EQ(unserved(injected).pods, 1);
}

TEST_F(NodeWatchTest, CountsAtOnceWhatServedAndFails) {
  look();
  agents["a"].ready = false;
  agents["a"].containers_ready = false;
  EXPECT_THAT(look(seconds(1)).failing, ElementsAre(Trouble{"a"}));
}

TEST_F(NodeWatchTest, CountsAtOnceWhatIsReadyAndCannotStore) {
  look();
  agents["b"].not_ready_reason = "the disk is full";
  EXPECT_THAT(look(seconds(1)).failing, ElementsAre(Trouble{"b", "the disk is full"}));
}

TEST_F(NodeWatchTest, TellsWhyANewAgentDoesNotGetReadyAfterAMoment) {
  agents["a"] = {.ready = false, .containers_ready = false, .not_ready_reason = "disk full"};
  EXPECT_THAT(look().cannot_run, IsEmpty()) << "it may just be starting";
  agents["a"].since = rfc3339(kStart);
  look();
  EXPECT_EQ(watch.look_again(now_), now_ + seconds(30));
  const NodesFact fact = look(seconds(30));
  EXPECT_THAT(fact.awaited, ElementsAre("a"));
  EXPECT_THAT(fact.cannot_run, ElementsAre(NodesFact::CannotRun{"a", "NotReady", "disk full"}));
  EXPECT_THAT(look(minutes(5)).failing, ElementsAre(Trouble{"a", "disk full"}));
}

TEST_F(NodeWatchTest, GivesAReplacedPodTimeUnlessItRestarts) {
  look();
  agents["a"] = {.uid = "2", .ready = false, .containers_ready = false};
  EXPECT_THAT(look(seconds(1)).awaited, ElementsAre("a"));
  agents["a"].restarts = 1;
  EXPECT_THAT(look(seconds(1)).failing, ElementsAre(Trouble{"a"}));
}

TEST_F(NodeWatchTest, DoesNotAssumeThatAnAgentStoresAgainOnceItSaysNothing) {
  agents["a"].not_ready_reason = "the disk is full";
  look();
  agents["a"].unreachable = "connection refused";
  EXPECT_THAT(look().failing, ElementsAre(Trouble{"a", "the disk is full"}));
}

TEST_F(NodeWatchTest, DoesNotKnowOfAReadyAgentThatSaysNothing) {
  look();
  agents["a"].unreachable = "connection refused";
  EXPECT_THAT(look().silent, IsEmpty());
  const NodesFact fact = look(minutes(5));
  EXPECT_THAT(fact.silent, ElementsAre(Trouble{"a", "connection refused"}));
  EXPECT_THAT(fact.failing, IsEmpty());
  EXPECT_THAT(unserved({{"a", {1, {"shop/x"}}}}), UnservedFact{}) << "it may be served";
}

TEST_F(NodeWatchTest, MissesPodsOfTheDaemonSetAfterFiveMinutes) {
  missing = 1;
  EXPECT_FALSE(look().pods_missing);
  EXPECT_TRUE(look(minutes(5)).pods_missing);
  missing = 0;
  EXPECT_FALSE(look().pods_missing);
}

TEST_F(NodeWatchTest, ForgetsANodeThatIsGone) {
  look();
  agents["a"].ready = agents["a"].containers_ready = false;
  look();
  agents.erase("a");
  EXPECT_EQ(look(), serving_on(1));
}

TEST_F(NodeWatchTest, CountsInjectedPodsOfNodesWithoutAnAgentAfterAMoment) {
  look();
  EXPECT_EQ(unserved({{"virtual", {1, {"shop/v"}}}}), (UnservedFact{1, {"shop/v"}, {"virtual"}}))
      << "it was so before this process started";
  const std::map<std::string, PodsOnNode> injected{{"a", {2, {"shop/p", "shop/q"}}},
                                                   {"tainted", {7, {"shop/r", "shop/s"}}}};
  EXPECT_EQ(unserved(injected), UnservedFact{});
  EXPECT_EQ(watch.look_again(now_), now_ + seconds(30));
  look(seconds(30));
  EXPECT_EQ(unserved(injected), (UnservedFact{7, {"shop/r", "shop/s"}, {"tainted"}}));
  agents["a"].ready = agents["a"].containers_ready = false;
  look(seconds(1));
  EXPECT_EQ(unserved(injected),
            (UnservedFact{9, {"shop/p", "shop/q", "shop/r", "shop/s"}, {"a", "tainted"}}));
  agents["a"] = {};
  agents["tainted"] = {.ready = false, .containers_ready = false};
  look(seconds(1));
  EXPECT_EQ(unserved(injected), UnservedFact{}) << "an agent is on its way";
}

std::shared_ptr<const Json> pod(const std::string& name, const std::string& text) {
  Json made = Json::parse(text);
  made["metadata"]["namespace"] = "shop";
  made["metadata"]["name"] = name;
  made["metadata"]["uid"] = name;
  return std::make_shared<const Json>(std::move(made));
}

constexpr const char* kReadyOnA = R"({"spec": {"nodeName": "a"}, "status": {
  "startTime": "x", "conditions": [{"type": "Ready", "status": "True"}],
  "containerStatuses": [{"ready": true}]}})";
constexpr const char* kUnheardOnB = R"({"spec": {"nodeName": "b"}, "status": {
  "startTime": "x", "conditions": [{"type": "Ready", "status": "False"}],
  "containerStatuses": [{"ready": true}]}})";
constexpr const char* kUnplacedOnA = R"({"spec": {"nodeName": "", "wantedNode": "a"}, "status": {
  "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                  "message": "1 Insufficient memory."}]}})";

class NodeTroublesTest : public testing::Test {
 protected:
  NodesFact look(const std::vector<kube::ObjectPointer>& pods, Duration after = {}) {
    now_ += after;
    watch.note(pods, {}, {.desired = 2, .scheduled = 2}, {now_, kStart + now_.time_since_epoch()});
    return watch.fact(now_);
  }
  NodeWatch watch;
  Tick now_{};
};

TEST_F(NodeTroublesTest, TellsOfASurgeThatDoesNotFitWhileTheOldAgentServes) {
  const NodesFact fact = look({pod("old", kReadyOnA), pod("new", kUnplacedOnA)});
  EXPECT_THAT(fact.cannot_run,
              ElementsAre(NodesFact::CannotRun{"a", "Unschedulable", "1 Insufficient memory."}));
  EXPECT_THAT(fact.failing, IsEmpty());
  EXPECT_THAT(look({pod("old", kReadyOnA)}).cannot_run, IsEmpty());
}

TEST_F(NodeTroublesTest, MissesAnAgentThatFitsOnNoNodeAfterAMoment) {
  EXPECT_THAT(look({pod("new", kUnplacedOnA)}).awaited, ElementsAre("a"));
  EXPECT_EQ(watch.look_again(now_), now_ + seconds(30));
  EXPECT_THAT(look({pod("new", kUnplacedOnA)}, seconds(30)).failing,
              ElementsAre(Trouble{"a", "", "Unschedulable: 1 Insufficient memory."}));
}

TEST_F(NodeTroublesTest, TellsOfANodeThatIsNotHeardAndOfTheNewPodThere) {
  const auto fresh = pod("new", R"({"metadata": {"creationTimestamp": "2025-11-24T16:00:00Z"},
    "spec": {"nodeName": "b"}, "status": {"phase": "Pending"}})");
  EXPECT_THAT(look({pod("old", kUnheardOnB), fresh}).cannot_run,
              ElementsAre(NodesFact::CannotRun{
                  "b", "NodeNotReady", "the node's kubelet does not report to the control plane"}));
}

TEST_F(NodeTroublesTest, TellsOfAKubeletThatStartsNothing) {
  const auto fresh = pod("new", R"({"metadata": {"creationTimestamp": "2025-11-24T16:00:00Z"},
    "spec": {"nodeName": "b"}, "status": {"phase": "Pending"}})");
  EXPECT_THAT(look({fresh}).cannot_run, IsEmpty());
  EXPECT_EQ(watch.look_again(now_), now_ + seconds(30));
  EXPECT_THAT(look({fresh}, seconds(30)).cannot_run,
              ElementsAre(NodesFact::CannotRun{"b", "NotStarted",
                                               "the node's kubelet has not started the pod"}));
}

}  // namespace
}  // namespace dualtrace::ctl
