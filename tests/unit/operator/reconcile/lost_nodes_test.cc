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

AgentReport report(const std::string& node, uint64_t arize_spans, uint64_t databricks_spans) {
  AgentReport made{.node = node, .pod = "agent-" + node};
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

TEST(LostNodes, AddsWhatTwoAgentsOfANodeHold) {
  LostNodes nodes;
  nodes.note({report("a", 2, 0), report("a", 3, 1)}, {"a"}, kStart);
  nodes.note({}, {}, kStart);
  nodes.note({}, {}, kStart + minutes(5));
  ASSERT_THAT(nodes.lost(), SizeIs(1));
  EXPECT_THAT(nodes.lost()[0].backlog, ElementsAre(LostNodeFact::Backlog{"arize", 5, 20},
                                                   LostNodeFact::Backlog{"databricks", 1, 0}));
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

TEST(LostNodes, TellsTwentyAtMost) {
  LostNodes nodes;
  std::vector<AgentReport> reports;
  std::set<std::string> names;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "node-" + std::to_string(i);
    reports.push_back(report(name, 1, 1));
    names.insert(name);
  }
  nodes.note(reports, names, kStart);
  nodes.note({}, {}, kStart);
  nodes.note({}, {}, kStart + minutes(5));
  EXPECT_THAT(nodes.lost(), SizeIs(20));
}

}  // namespace
}  // namespace dualtrace::ctl
