// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/lost_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/status/status.h"

namespace dualtrace::ctl {
namespace {

using report::LaneState;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const WallTime kStart = from_unix_nanos(1'764'000'000'000'000'000);

AgentReport report(const std::string& node, uint64_t arize_spans, uint64_t databricks_spans,
                   const std::string& disk = "") {
  AgentReport made{.node = node, .pod = "agent-" + node};
  made.says.disk = disk;
  made.says.lanes = {{.name = "arize",
                      .state = LaneState::kRetrying,
                      .spans = {.backlog = arize_spans},
                      .backlog_bytes = 10},
                     {.name = "databricks",
                      .state = LaneState::kRetrying,
                      .spans = {.backlog = databricks_spans}}};
  return made;
}

LostNodeFact lost(const std::string& node, WallTime since) {
  return {node, since, {{"arize", 5, 10}}};
}

TEST(LostNodes, KeepsWhatANodeHeldForADay) {
  LostNodes nodes;
  nodes.note({report("a", 5, 0), report("b", 5, 0)}, {"a", "b"}, kStart);
  nodes.note({report("b", 5, 0)}, {"b"}, kStart + seconds(10));
  EXPECT_THAT(nodes.lost(), IsEmpty());
  EXPECT_EQ(nodes.look_again(), kStart + seconds(10) + minutes(5));
  nodes.note({}, {"b"}, kStart + seconds(10) + minutes(5));
  EXPECT_THAT(nodes.lost(), ElementsAre(lost("a", kStart + seconds(10))));
  nodes.note({}, {"b"}, kStart + hours(24));
  EXPECT_THAT(nodes.lost(), SizeIs(1));
  nodes.note({}, {"b"}, kStart + hours(25));
  EXPECT_THAT(nodes.lost(), IsEmpty());
}

TEST(LostNodes, SaysNothingOfANodeThatWasDrained) {
  LostNodes nodes;
  nodes.note({report("a", 5, 5)}, {"a"}, kStart);
  nodes.note({report("a", 0, 0)}, {"a"}, kStart + seconds(20));  // terminating, polled to the end
  nodes.note({}, {}, kStart + seconds(25));
  nodes.note({}, {}, kStart + minutes(10));
  EXPECT_THAT(nodes.lost(), IsEmpty());
}

TEST(LostNodes, TakesItBackWhenAnAgentIsThereAgain) {
  LostNodes nodes;
  nodes.note({report("a", 5, 0)}, {"a"}, kStart);
  nodes.note({}, {}, kStart);
  nodes.note({}, {}, kStart + minutes(5));
  EXPECT_THAT(nodes.lost(), SizeIs(1));
  nodes.note({}, {"a"}, kStart + minutes(6));
  EXPECT_THAT(nodes.lost(), IsEmpty());
}

TEST(LostNodes, KeepsEachDiskThatANodeLost) {
  LostNodes nodes;
  nodes.note({report("a", 5, 0, "disk-1")}, {"a"}, kStart);
  nodes.note({report("a", 7, 0, "disk-2")}, {"a"}, kStart + seconds(10));
  nodes.note({}, {}, kStart + seconds(20));
  nodes.note({}, {}, kStart + minutes(6));
  ASSERT_THAT(nodes.lost(), SizeIs(2));
  nodes.note({report("a", 7, 0, "disk-2")}, {"a"}, kStart + minutes(7));
  ASSERT_THAT(nodes.lost(), SizeIs(1)) << "the second disk is back";
  EXPECT_EQ(nodes.lost()[0].disk, "disk-1");
}

TEST(LostNodes, AddsWhatTwoAgentsOfANodeHold) {
  LostNodes nodes;
  nodes.note({report("a", 2, 0), report("a", 3, 1)}, {"a"}, kStart);
  nodes.note({}, {}, kStart);
  nodes.note({}, {}, kStart + minutes(5));
  ASSERT_THAT(nodes.lost(), SizeIs(1));
  EXPECT_THAT(nodes.lost()[0].backlog,
              ElementsAre(Backlog{"arize", 5, 20}, Backlog{"databricks", 1, 0}));
}

TEST(LostNodes, GoesOnFromWhatTheOperatorBeforeHasSaid) {
  Facts facts;
  facts.now = kStart;
  facts.nodes_lost = {lost("a", kStart)};
  const Json status = make_status(facts, summarize_lanes(facts));
  EXPECT_THAT(newly_lost_nodes(Json::object(), status), SizeIs(1));
  EXPECT_THAT(newly_lost_nodes(status, status), IsEmpty());
  LostNodes nodes;
  nodes.resume(status);
  EXPECT_THAT(nodes.lost(), ElementsAre(lost("a", kStart)));
}

LostNodes after_a_restart(const LostNodes& before) {
  Facts facts;
  facts.now = kStart;
  facts.nodes_lost = before.lost();
  facts.backlogs = before.backlogs();
  LostNodes nodes;
  nodes.resume(make_status(facts, summarize_lanes(facts)));
  return nodes;
}

// The leading operator ran there, and its successor has never seen the node's agent.
TEST(LostNodes, KnowsOfANodeThatTheOperatorBeforeWentWith) {
  LostNodes before;
  before.note({report("a", 5, 0, "d1"), report("b", 0, 0, "d2")}, {"a", "b"}, kStart);
  LostNodes nodes = after_a_restart(before);
  EXPECT_EQ(nodes.backlogs(), before.backlogs());
  nodes.note({}, {"b"}, kStart + minutes(1));
  EXPECT_EQ(nodes.look_again(), kStart + minutes(6));
  nodes = after_a_restart(nodes);
  nodes.note({report("b", 0, 0, "d2")}, {"b"}, kStart + minutes(2));
  nodes.note({report("b", 0, 0, "d2")}, {"b"}, kStart + minutes(6));
  EXPECT_THAT(nodes.lost(),
              ElementsAre(LostNodeFact{"a", kStart + minutes(1), {{"arize", 5, 10}}, "d1"}));
  EXPECT_THAT(nodes.backlogs(), IsEmpty());
}

TEST(LostNodes, IsNotFooledByANewNodeOfTheSameName) {
  for (const bool restarts : {false, true}) {
    LostNodes nodes;
    nodes.note({report("a", 5, 0, "d1")}, {"a"}, kStart);
    nodes.note({}, {}, kStart + minutes(1));
    nodes.note({}, {"a"}, kStart + minutes(2));  // its agent does not answer yet
    if (restarts) nodes = after_a_restart(nodes);
    EXPECT_THAT(nodes.lost(), IsEmpty());
    nodes.note({report("a", 0, 0, "d2")}, {"a"}, kStart + minutes(3));
    const LostNodeFact gone{"a", kStart + minutes(3), {{"arize", 5, 10}}, "d1"};
    EXPECT_THAT(nodes.lost(), ElementsAre(gone));
    if (restarts) nodes = after_a_restart(nodes);
    nodes.note({report("a", 1, 0, "d2")}, {"a"}, kStart + hours(1));
    EXPECT_THAT(nodes.lost(), ElementsAre(gone)) << "for a day";
    nodes.note({report("a", 5, 0, "d1")}, {"a"}, kStart + hours(2));
    EXPECT_THAT(nodes.lost(),
                ElementsAre(LostNodeFact{"a", kStart + hours(2), {{"arize", 1, 10}}, "d2"}))
        << "the old disk is back, and the new one gone";
  }
}

// The new agent of a rollout has another journal, but on the same disk.
TEST(LostNodes, AreNotThoseWhoseAgentIsReplaced) {
  AgentReport ending = report("a", 5, 0, "d1");
  ending.ending = true;
  const std::vector<std::pair<AgentReport, AgentReport>> replaced = {
      {report("a", 5, 0, "d1"), report("a", 0, 0, "d1")},
      {report("a", 5, 0, "d1"), report("a", 0, 0, "")},  // an agent of the previous version
      {report("a", 5, 0, ""), report("a", 0, 0, "d1")},
      {ending, report("a", 0, 0, "d2")}};  // on EmptyDir
  for (const auto& [before, after] : replaced) {
    LostNodes nodes;
    nodes.note({before}, {"a"}, kStart);
    nodes.note({}, {"a"}, kStart + seconds(5));
    nodes.note({after}, {"a"}, kStart + seconds(10));
    EXPECT_THAT(nodes.lost(), IsEmpty());
  }
  LostNodes surge;
  surge.note({report("a", 5, 0, "d1")}, {"a"}, kStart);
  surge.note({report("a", 5, 0, "d1"), report("a", 0, 0, "d2")}, {"a"}, kStart);
  surge.note({report("a", 0, 0, "d2")}, {"a"}, kStart);
  EXPECT_THAT(surge.lost(), IsEmpty());
}

TEST(LostNodes, TellsTwentyAtMost) {
  LostNodes nodes;
  std::vector<AgentReport> reports;
  std::set<std::string> names;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "node-" + std::to_string(i);
    reports.push_back(report(name, 1, 1));
    names.insert(name);
  }
  reports[7] = report("node-7", 1000, 0);
  nodes.note(reports, names, kStart);
  const std::vector<NodeBacklogFact> waiting = nodes.backlogs();
  EXPECT_THAT(waiting, SizeIs(20));
  EXPECT_THAT(waiting, testing::Contains(testing::Field(&NodeBacklogFact::node, "node-7")));
  nodes.note({}, {}, kStart);
  nodes.note({}, {}, kStart + minutes(5));
  EXPECT_THAT(nodes.lost(), SizeIs(20));
}

}  // namespace
}  // namespace dualtrace::ctl
