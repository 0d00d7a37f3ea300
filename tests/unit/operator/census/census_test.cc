// SPDX-License-Identifier: Apache-2.0
#include "operator/census/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/api/injection_words.h"
#include "operator/census/census_taker.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_list_watch.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

using kube::ObjectKey;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

const ObjectKey kAgents{"observability", "agents"};

class CensusTest : public testing::Test {
 protected:
  CensusTest() {
    cluster.add(kAgents.namespace_name, kAgents.name);
    nodes.follow({});
  }

  void add_pod(const std::string& name, const Json& annotations, const Json& more = {}) {
    Json metadata = {{"namespace", "shop"}, {"name", name}, {"annotations", annotations}};
    if (more.is_object()) metadata.update(more);
    Json pod = {{"metadata", metadata}};
    trim_asking_pod(pod);
    pods.push_back(std::make_shared<const AskingPod>(read_asking_pod(pod)));
  }
  [[nodiscard]] InjectionFact fact() const {
    const Census census = take_census(pods, cluster, nodes);
    const auto found = census.find(kAgents);
    return found == census.end() ? InjectionFact{} : found->second;
  }
  static Json asks(std::string_view value) { return {{std::string(kInjectWord), value}}; }
  static Json answered(std::string_view value) {
    return {{std::string(kInjectWord), value},
            {std::string(kInjectedAnnotation), "observability/agents"}};
  }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  kube::FakeListWatch api;
  PodNodes nodes{
      {.api = api, .scheduler = scheduler, .may_ask = [] { return true; }, .learned = [] {}}};
  FakeClusterView cluster;
  std::vector<AskingPodPointer> pods;
};

TEST_F(CensusTest, CountsThoseThatAskAndNamesThoseThatWereMissed) {
  add_pod("a", answered("true"));
  add_pod("b", asks("true"));
  add_pod("c", asks("observability/agents"));
  add_pod("d", asks("false"));
  add_pod("e", Json::object());
  EXPECT_EQ(fact(), (InjectionFact{3, 1, {"shop/b", "shop/c"}}));
}

TEST_F(CensusTest, CountsByTheAnswerWhateverThePodAsksNow) {
  add_pod("a", {{std::string(kInjectedAnnotation), "observability/agents"}});
  add_pod("b", {{std::string(kInjectedAnnotation), "elsewhere/other"}});
  EXPECT_EQ(fact(), (InjectionFact{1, 1, {}}));
}

TEST_F(CensusTest, KnowsWhatANamespaceAsksFor) {
  cluster.labels["shop"] = {{std::string(kInjectWord), "observability.agents"}};
  add_pod("a", Json::object());
  add_pod("b", asks("false"));
  EXPECT_EQ(fact(), (InjectionFact{1, 0, {"shop/a"}}));
}

TEST_F(CensusTest, DoesNotMeanAgentsAndMirrorPods) {
  cluster.labels["shop"] = {{std::string(kInjectWord), "true"}};
  add_pod("agent", Json::object(),
          {{"labels",
            {{"app.kubernetes.io/managed-by", "dualtrace-operator"},
             {"dualtrace.dev/export", "agents"}}}});
  add_pod("mirror", {{"kubernetes.io/config.mirror", "x"}});
  EXPECT_EQ(fact(), InjectionFact{});
}

TEST_F(CensusTest, DoesNotCountWhoIsGoing) {
  add_pod("a", answered("true"), {{"deletionTimestamp", "2026-11-26T10:00:00Z"}});
  EXPECT_EQ(fact(), InjectionFact{});
}

TEST_F(CensusTest, CountsAValueThatIsNoRequestAsTrue) {
  const std::string skipped(kSkippedAnnotation);
  for (const char* value : {"True", "yes", "", "not a name", "/"}) {
    pods.clear();
    Json pod = asks(value);
    pod[skipped] = "InvalidRequest: the annotation has an invalid value";
    add_pod("a", pod);
    EXPECT_EQ(
        fact(),
        (InjectionFact{.annotated = 1, .missed = {"shop/a"}, .skipped = {{"InvalidRequest", 1}}}))
        << value;
  }
}

TEST_F(CensusTest, CountsANameThatNoExportHasWhereItCouldHaveBeenMeant) {
  cluster.add("observability", "second");
  cluster.add("evil", "x");
  add_pod("a", asks("observability/agentz"));
  add_pod("b", asks("agents"));  // meaning observability/agents
  add_pod("c", asks("evil/y"));
  const Census census = take_census(pods, cluster, nodes);
  EXPECT_THAT(census, SizeIs(3));
  EXPECT_EQ(census.at(kAgents), (InjectionFact{2, 0, {"shop/a", "shop/b"}}));
  EXPECT_EQ(census.at({"observability", "second"}), (InjectionFact{2, 0, {"shop/a", "shop/b"}}));
  EXPECT_EQ(census.at({"evil", "x"}), (InjectionFact{1, 0, {"shop/c"}}));
}

TEST_F(CensusTest, CountsTogetherWhatIsAskedForInManyWays) {
  for (int i = 0; i < 20; ++i)
    add_pod("named-" + std::to_string(i), asks("nowhere/x" + std::to_string(i)));
  add_pod("any", asks("true"));
  EXPECT_EQ(fact().annotated, 21);
  EXPECT_THAT(fact().missed, ElementsAre("shop/any", "shop/named-0", "shop/named-1",
                                         "shop/named-10", "shop/named-11"));
}

TEST_F(CensusTest, CountsNobodyWhereThereIsNoExport) {
  cluster.known.clear();
  add_pod("a", asks("nowhere"));
  add_pod("b", asks("not a name"));
  add_pod("c", asks("true"));
  EXPECT_THAT(take_census(pods, cluster, nodes), IsEmpty());
}

TEST_F(CensusTest, CountsWhoIsRefusedAtEveryExportThatItCouldHaveMeant) {
  cluster.add("observability", "second");
  cluster.add("evil", "x");
  cluster.add("observability", "closed", Json::object());
  add_pod("a", asks("true"));
  add_pod("b", asks("observability/closed"));
  const Census census = take_census(pods, cluster, nodes);
  EXPECT_THAT(census, SizeIs(3));
  EXPECT_EQ(census.at(kAgents), (InjectionFact{1, 0, {"shop/a"}}));
  EXPECT_EQ(census.at({"observability", "second"}), (InjectionFact{1, 0, {"shop/a"}}));
  EXPECT_EQ(census.at({"observability", "closed"}), (InjectionFact{1, 0, {"shop/b"}}));
}

TEST_F(CensusTest, CountsWhoMeansNoneAtTheSharedExportThatDoesNotAdmitIt) {
  cluster.known.clear();
  cluster.add(kAgents.namespace_name, kAgents.name, Json::object());
  add_pod("a", asks("true"));
  EXPECT_EQ(fact(), (InjectionFact{1, 0, {"shop/a"}}));
}

TEST_F(CensusTest, CountsByReasonWhatWasSkippedAndWarned) {
  const std::string skipped(kSkippedAnnotation);
  const std::string warned(kWarnedAnnotation);
  Json pod = asks("true");
  pod[skipped] = "NoClusterDNS: the pod uses its node's DNS, SDKDisabled: not this";
  add_pod("a", pod);
  add_pod("b", pod);
  pod = answered("true");
  pod[skipped] = "";  // injected on the second review
  pod[warned] = "BehindProxy,AlreadyConfigured,BehindProxy: container app: HTTP_PROXY is set, no";
  add_pod("c", pod);
  pod[warned] = "BehindProxy: container app";
  add_pod("d", pod);
  pod[warned] = "";
  add_pod("e", pod);
  pod[warned] = "Anything,that,somebody: wrote";
  add_pod("f", pod);
  EXPECT_EQ(fact().annotated, 6);
  EXPECT_EQ(fact().injected, 4);
  EXPECT_THAT(fact().skipped, ElementsAre(Pair("NoClusterDNS", 2)));
  EXPECT_THAT(fact().warned, ElementsAre(Pair("AlreadyConfigured", 1), Pair("BehindProxy", 2)));
}

TEST_F(CensusTest, KeepsOfAnAnswerItsReasonsOnly) {
  Json pod = answered("true");
  pod[std::string(kWarnedAnnotation)] = "BehindProxy: " + std::string(4000, 'x');
  add_pod("a", pod);
  EXPECT_EQ(pods[0]->says().warned, "BehindProxy");
  pod[std::string(kWarnedAnnotation)] = std::string(4000, 'x');
  add_pod("b", pod);
  EXPECT_EQ(pods[1]->says().warned, "");
}

TEST_F(CensusTest, CountsWhoWasInjectedAndIsNotAdmittedAnyMore) {
  const Json sales = {{"namespaceSelector", {{"matchLabels", {{"team", "sales"}}}}}};
  add_pod("a", answered("true"));
  EXPECT_EQ(fact().shut_out, 0);
  cluster.add(kAgents.namespace_name, kAgents.name, sales);
  EXPECT_EQ(fact().shut_out, 0) << "the labels of the namespace are not known";
  cluster.labels["shop"] = {{"team", "support"}};
  EXPECT_EQ(fact(), (InjectionFact{1, 1, {}, 1, {"shop/a"}}));
  cluster.labels["shop"] = {{"team", "sales"}};
  EXPECT_EQ(fact().shut_out, 0);
  cluster.add(kAgents.namespace_name, kAgents.name, Json::object());
  EXPECT_EQ(fact().shut_out, 1);
  cluster.add_faulty(kAgents.namespace_name, kAgents.name);
  EXPECT_EQ(fact().shut_out, 0) << "its agents keep their last configuration";
}

TEST_F(CensusTest, NamesFiveAtMost) {
  for (char name = 'a'; name < 'k'; ++name) add_pod(std::string(1, name), asks("true"));
  EXPECT_EQ(fact().annotated, 10);
  EXPECT_THAT(fact().missed, ElementsAre("shop/a", "shop/b", "shop/c", "shop/d", "shop/e"));
}

TEST_F(CensusTest, IsTakenOnceForManyChangesAndToldWhereItDiffers) {
  std::vector<ObjectKey> told;
  int looks = 0;
  CensusTaker taker(
      seconds(5),
      [&] {
        ++looks;
        return pods;
      },
      cluster, api, [] { return true; }, scheduler,
      [&](const ObjectKey& key) { told.push_back(key); });
  add_pod("a", asks("true"));
  for (int i = 0; i < 100; ++i) taker.something_changed();
  scheduler.run_for(seconds(4));
  EXPECT_EQ(looks, 0);
  scheduler.run_for(seconds(1));
  EXPECT_EQ(looks, 1);
  EXPECT_THAT(told, ElementsAre(kAgents));
  EXPECT_EQ(taker.fact_of(kAgents).annotated, 1);

  taker.something_changed();
  scheduler.run_for(seconds(5));
  EXPECT_THAT(told, SizeIs(1)) << "nothing has changed";
  pods.clear();
  taker.something_changed();
  scheduler.run_for(seconds(5));
  EXPECT_THAT(told, SizeIs(2));
  EXPECT_EQ(taker.fact_of(kAgents), InjectionFact{});
}

TEST_F(CensusTest, TellsWhereInjectedPodsRunAndAsksForEachOnce) {
  bool leads = false;
  CensusTaker taker(
      seconds(5), [&] { return pods; }, cluster, api, [&] { return leads; }, scheduler,
      [](const ObjectKey&) {});
  const auto take = [&] {
    taker.something_changed();
    scheduler.run_for(seconds(5));
  };
  const auto answer = [&](const std::vector<std::pair<std::string, std::string>>& places) {
    kube::ListPage page;
    for (const auto& [uid, node] : places) {
      page.items.push_back({{"metadata", {{"uid", uid}}}, {"spec", {{"nodeName", node}}}});
    }
    api.answer(std::move(page));
    scheduler.run_for(seconds(5));  // until the census that follows
  };
  add_pod("a", answered("true"), {{"uid", "1"}, {"resourceVersion", "10"}});
  add_pod("b", asks("true"), {{"uid", "2"}, {"resourceVersion", "10"}});
  take();
  EXPECT_THAT(api.lists, IsEmpty()) << "another replica leads";
  leads = true;
  take();
  ASSERT_THAT(api.lists, SizeIs(1));
  EXPECT_EQ(api.lists[0].selection.namespace_name, "shop");
  EXPECT_EQ(api.lists[0].selection.field_selector, "metadata.name=a");
  EXPECT_FALSE(taker.fact_of(kAgents).nodes_known);
  answer({{"1", ""}});  // not scheduled yet
  EXPECT_TRUE(taker.fact_of(kAgents).nodes_known);
  EXPECT_THAT(taker.fact_of(kAgents).nodes, IsEmpty());
  take();
  ASSERT_THAT(api.lists, SizeIs(1)) << "it has not changed";

  pods.erase(pods.begin());
  add_pod("a", answered("true"), {{"uid", "1"}, {"resourceVersion", "11"}});
  take();
  ASSERT_THAT(api.lists, SizeIs(2));
  answer({{"1", "node-1"}});
  EXPECT_THAT(taker.fact_of(kAgents).nodes, ElementsAre(Pair("node-1", PodsOnNode{1, {"shop/a"}})));
  pods.pop_back();
  add_pod("a", answered("true"), {{"uid", "1"}, {"resourceVersion", "12"}});
  take();
  EXPECT_THAT(api.lists, SizeIs(2)) << "a pod never moves";
}

TEST_F(CensusTest, AsksForTheNodesOfManyPodsByPagesAndAgainAfterAFailure) {
  for (int i = 0; i < 300; ++i) {
    const std::string uid = std::to_string(i);
    add_pod("p" + uid, answered("true"), {{"uid", uid}, {"resourceVersion", "10"}});
  }
  EXPECT_TRUE(nodes.known()) << "there was no census";
  nodes.follow(pods);
  ASSERT_THAT(api.lists, SizeIs(1));
  EXPECT_EQ(api.lists[0].selection.field_selector, "");
  api.answer(fail(ErrorKind::kUnavailable, "no answer"));
  scheduler.run_for(seconds(1));
  EXPECT_THAT(api.lists, SizeIs(1));
  scheduler.run_for(seconds(10));
  nodes.follow(pods);
  ASSERT_THAT(api.lists, SizeIs(2));
  api.answer(kube::ListPage{
      {{{"metadata", {{"uid", "7"}}}, {"spec", {{"nodeName", "node-7"}}}}}, "12", "more"});
  scheduler.run_for(seconds(1));
  ASSERT_THAT(api.lists, SizeIs(3));
  EXPECT_EQ(api.lists[2].request.continue_token, "more");
  api.answer(kube::ListPage{});
  scheduler.run_for(seconds(1));
  EXPECT_THAT(api.lists, SizeIs(3));
  EXPECT_EQ(nodes.node_of(*pods[7]), "node-7");
  EXPECT_EQ(nodes.node_of(*pods[8]), std::nullopt);
}

}  // namespace
}  // namespace dualtrace::ctl
