// SPDX-License-Identifier: Apache-2.0
#include "common/kube/informer.h"

#include "tests/unit/common/kube/informer_fixture.h"

namespace dualtrace::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using InformerTest = InformerFixture;
using Texts = std::vector<std::string>;

TEST_F(InformerTest, ListsThenWatchesAndTellsEachChange) {
  start();
  EXPECT_FALSE(informer->synced());
  answer(page({pod("a", "1"), pod("b", "2")}, "5"));
  EXPECT_TRUE(informer->synced());
  EXPECT_EQ(api.last_watch().resource_version, "5");
  send(watch_event("MODIFIED", pod("a", "6")));
  send(watch_event("ADDED", pod("c", "7")));
  send(watch_event("DELETED", pod("b", "8")));
  EXPECT_EQ(told, (Texts{"a@1", "b@2", "a@6", "c@7", "b gone@2"}));
  EXPECT_EQ(held(), (Texts{"a@6", "c@7"}));
}

TEST_F(InformerTest, ReadsAStreamedListAndGoesOnInTheSameStream) {
  start_streaming();
  ASSERT_EQ(api.watches.size(), 1u);
  EXPECT_TRUE(api.last_watch().lists_first);
  EXPECT_EQ(api.last_watch().resource_version, "");
  send(watch_event("ADDED", pod("a", "1")));
  send(watch_event("ADDED", pod("b", "2")));
  send(watch_event("ADDED", pod("c", "3")));
  send(watch_event("DELETED", pod("c", "4")));
  EXPECT_TRUE(held().empty()) << "it becomes visible once it is complete";
  EXPECT_FALSE(informer->synced());
  send(last_of_list("5"));
  EXPECT_TRUE(informer->synced());
  send(watch_event("MODIFIED", pod("a", "6")));
  EXPECT_EQ(told, (Texts{"a@1", "b@2", "a@6"}));
  EXPECT_EQ(api.requests(), 1u) << "nothing else is requested";
  end({});
  scheduler.run_for(seconds(1));
  EXPECT_EQ(api.last_watch().resource_version, "6");
  EXPECT_FALSE(api.last_watch().lists_first);
}

TEST_F(InformerTest, AsksForPagesWhenAStreamedListFallsSilentOrIsCut) {
  start_streaming();
  send(watch_event("ADDED", pod("a", "1")));
  scheduler.run_for(seconds(12));
  ASSERT_EQ(api.lists.size(), 1u);
  EXPECT_FALSE(api.watches[0]->open);
  answer(page({pod("b", "2")}, "5"));
  EXPECT_EQ(held(), Texts{"b@2"});
  EXPECT_EQ(api.last_watch().resource_version, "5");
}

TEST_F(InformerTest, TellsWhyNothingCanBeReadForAsLongAsThatIsSo) {
  start();
  EXPECT_EQ(informer->failure(), std::nullopt);
  answer(fail(ErrorKind::kDenied, "no"));
  ASSERT_TRUE(informer->failure());
  EXPECT_EQ(informer->failure()->kind, ErrorKind::kDenied);
  scheduler.run_for(seconds(1));
  EXPECT_TRUE(informer->failure()) << "the next request has just begun";
  answer(page({}, "5"));
  EXPECT_EQ(informer->failure(), std::nullopt);
  end(fail(ErrorKind::kDenied, "no"));
  EXPECT_TRUE(informer->failure());
  scheduler.run_for(seconds(1));
  api.last_watch().reader.opened();
  scheduler.run_ready();
  EXPECT_EQ(informer->failure(), std::nullopt);
}

TEST_F(InformerTest, IsSyncedWhenTheListenerHasHeardOfAllOfTheFirstList) {
  start();
  answer(page({pod("a", "1"), pod("b", "2")}, "5"));
  EXPECT_FALSE(synced_at_last_word);
  EXPECT_TRUE(informer->synced());
}

TEST_F(InformerTest, ShowsAListOnlyWhenItIsWhole) {
  start();
  answer(page({pod("a", "1")}, "5", "more"));
  EXPECT_TRUE(held().empty());
  EXPECT_FALSE(informer->synced());
  EXPECT_EQ(api.lists.back().request.continue_token, "more");
  EXPECT_EQ(api.lists.back().request.limit, 500u);
  answer(page({pod("b", "2")}, "5"));
  EXPECT_EQ(held(), (Texts{"a@1", "b@2"}));
}

TEST_F(InformerTest, ForgetsThePagesOfAListThatHadToBeginAnew) {
  start();
  answer(page({pod("a", "1")}, "5", "more"));
  answer(fail(ErrorKind::kExpired, "the token is too old"));
  scheduler.run_for(seconds(1));
  answer(page({pod("b", "8")}, "9"));
  EXPECT_EQ(held(), Texts{"b@8"});
}

TEST_F(InformerTest, TellsAfterAGapWhatWasMissedWithTheLastKnownState) {
  start();
  answer(page({pod("a", "1"), pod("b", "2"), pod("c", "3")}, "5"));
  told.clear();
  const ObjectPointer kept = informer->store().get({"n", "a"});
  send(error_event(410, "Expired"));
  EXPECT_EQ(held(), (Texts{"a@1", "b@2", "c@3"}))
      << "the old list stays until the new one is complete";
  scheduler.run_for(seconds(1));
  EXPECT_EQ(api.lists.back().request.continue_token, "");
  answer(page({pod("a", "1"), pod("c", "7"), pod("d", "8")}, "9"));
  EXPECT_EQ(told, (Texts{"b gone@2", "c@7", "d@8"}));
  EXPECT_EQ(informer->store().get({"n", "a"}), kept);
  EXPECT_TRUE(informer->synced());
}

TEST_F(InformerTest, TellsNothingWhenTheServerRepeatsItself) {
  start();
  answer(page({pod("a", "1")}, "5"));
  send(watch_event("ADDED", pod("a", "1")));
  send(watch_event("MODIFIED", pod("a", "6")));
  send(watch_event("MODIFIED", pod("a", "6")));
  send(watch_event("DELETED", pod("a", "7")));
  send(watch_event("DELETED", pod("a", "7")));
  EXPECT_EQ(told, (Texts{"a@1", "a@6", "a gone@6"}));
}

TEST_F(InformerTest, ATornWatchGoesOnFromTheLastVersionWithoutAList) {
  start();
  answer(page({}, "5"));
  scheduler.run_for(seconds(10));
  send(watch_event("ADDED", pod("a", "6")));
  send(bookmark("9"));
  end(fail(ErrorKind::kUnavailable, "connection reset"));
  EXPECT_EQ(api.watches.size(), 1u) << "not immediately";
  scheduler.run_for(seconds(1));
  ASSERT_EQ(api.watches.size(), 2u);
  EXPECT_EQ(api.last_watch().resource_version, "9");
  EXPECT_EQ(api.lists.size(), 1u);
}

TEST_F(InformerTest, WhatAFormerWatchSentIsNotHeard) {
  start();
  answer(page({}, "5"));
  // All of this is in flight when the first line is read.
  api.last_watch().send_line("garbage");
  api.last_watch().send(watch_event("ADDED", pod("ghost", "6")));
  api.last_watch().end({});
  scheduler.run_ready();
  scheduler.run_for(seconds(1));
  ASSERT_EQ(api.lists.size(), 2u);
  EXPECT_EQ(api.watches.size(), 1u);
  answer(page({}, "7"));
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(api.last_watch().resource_version, "7");
}

TEST_F(InformerTest, EndsAWatchThatFellSilentAndBeginsTheNext) {
  start();
  answer(page({}, "5"));
  scheduler.run_for(seconds(100));
  send(bookmark("6"));
  scheduler.run_for(seconds(149));
  EXPECT_EQ(api.watches.size(), 1u);
  scheduler.run_for(seconds(1));
  ASSERT_EQ(api.watches.size(), 2u);
  EXPECT_FALSE(api.watches[0]->open);
  EXPECT_EQ(api.last_watch().resource_version, "6");
  EXPECT_TRUE(has_metric(
      R"(dualtrace_informer_ends_total{namespace="",reason="Silent",resource="pods"} 1)"));
}

TEST_F(InformerTest, DoesNotWaitForeverForAList) {
  start();
  scheduler.run_for(seconds(151));
  ASSERT_EQ(api.lists.size(), 2u);
  api.lists[0].done(page({pod("late", "1")}, "2"));
  scheduler.run_ready();
  EXPECT_FALSE(informer->synced());
  answer(page({}, "5"));
  EXPECT_TRUE(informer->synced());
  EXPECT_TRUE(told.empty());
}

TEST_F(InformerTest, AsksForAListWhenAWatchSendsMoreThanItHolds) {
  const Json event = watch_event("ADDED", pod("large", "6"));
  const std::string line = to_text(event);
  options.unread_bytes_max = line.size() * 3 / 2;
  start();
  answer(page({}, "5"));
  for (int i = 0; i < 2; ++i) api.last_watch().send_line(line);
  api.last_watch().end({});
  scheduler.run_ready();
  EXPECT_EQ(told, Texts{"large@6"}) << "the objects that it contains count";
  EXPECT_TRUE(has_metric(
      R"(dualtrace_informer_ends_total{namespace="",reason="Overrun",resource="pods"} 1)"));
  scheduler.run_for(seconds(1));
  EXPECT_EQ(api.lists.size(), 2u);
  answer(page({}, "9"));
  for (int i = 0; i < 2; ++i) send(event);
  EXPECT_EQ(api.lists.size(), 2u) << "the objects that were read do not count";
}

TEST_F(InformerTest, KeepsOnlyWhatItIsToKeep) {
  options.selection.trim = [](Json& object) {
    object["spec"] = object["metadata"]["managedFields"];
  };
  start();
  Json object = pod("a", "1");
  object["spec"] = "large";
  object["metadata"]["managedFields"] = Json::array({"writer"});
  Json trimmed = pod("a", "1");
  trimmed["spec"] = Json::array({"writer"});
  answer(page({object}, "5"));
  EXPECT_EQ(*informer->store().get({"n", "a"}), trimmed);
}

TEST_F(InformerTest, KeepsAllButWhoWroteIt) {
  start();
  Json object = pod("a", "1");
  object["metadata"]["managedFields"] = Json::array({"much"});
  Json partial = pod("b", "6");
  partial["kind"] = "PartialObjectMetadata";
  partial["metadata"]["managedFields"] = Json::array({"much"});
  answer(page({object}, "5"));
  send(watch_event("ADDED", partial));
  EXPECT_EQ(*informer->store().get({"n", "a"}), pod("a", "1"));
  EXPECT_EQ(*informer->store().get({"n", "b"}), pod("b", "6"));
}

TEST_F(InformerTest, GivesItsIndexToTheStore) {
  options.index = [](const Json& object) { return "of " + key_of(object).name; };
  start();
  answer(page({pod("a", "1"), pod("b", "2")}, "5"));
  ASSERT_EQ(informer->store().select("of b").size(), 1u);
}

TEST_F(InformerTest, CountsListsEndsAndObjects) {
  start();
  answer(page({pod("a", "1"), pod("b", "2")}, "5"));
  scheduler.run_for(minutes(1));
  end({});
  EXPECT_TRUE(has_metric(R"(dualtrace_informer_lists_total{namespace="",resource="pods"} 1)"));
  EXPECT_TRUE(has_metric(R"(dualtrace_informer_objects{namespace="",resource="pods"} 2)"));
  EXPECT_TRUE(
      has_metric(R"(dualtrace_informer_ends_total{namespace="",reason="Done",resource="pods"} 1)"));
}

TEST_F(InformerTest, NobodyIsToldOnceItIsGone) {
  start();
  const auto done = api.lists.back().done;
  scheduler.stop();
  informer.reset();
  done(page({pod("a", "1")}, "5"));
  scheduler.run_ready();
  EXPECT_TRUE(told.empty());
  EXPECT_TRUE(has_metric(R"(dualtrace_informer_objects{namespace="",resource="pods"} 0)"));
}

// A broken server's reaction to each request, for half an hour.
struct Trouble {
  const char* name;
  std::function<void(FakeListWatch&)> act;
  size_t first_minute_max;
  size_t half_hour_max;
};

class InformerOutage : public InformerFixture, public testing::WithParamInterface<Trouble> {};

TEST_P(InformerOutage, IsNoBusyLoop) {
  size_t worst = 0;
  start(7);
  answer(page({pod("a", "1")}, "5"));
  const size_t before = api.requests();
  const Tick begin = clock.tick();
  while (clock.tick() - begin < minutes(30)) {
    // Every request is answered within a millisecond.
    GetParam().act(api);
    scheduler.run_ready();
    scheduler.run_for(std::chrono::milliseconds(1));
    while (api.lists.back().done == nullptr && !api.last_watch().open &&
           clock.tick() - begin < minutes(30)) {
      scheduler.run_for(std::chrono::milliseconds(10));
    }
    if (clock.tick() - begin <= minutes(1)) worst = api.requests() - before;
  }
  EXPECT_LE(worst, GetParam().first_minute_max);
  EXPECT_LE(api.requests() - before, GetParam().half_hour_max);
  EXPECT_GE(api.requests() - before, 30u) << "it does not give up";
  EXPECT_EQ(held().size(), 1u);
}

void answer_lists(FakeListWatch& api, const Result<ListPage>& page) {
  if (api.lists.back().done) api.answer(page);
}
void end_watches(FakeListWatch& api, const Status& status) {
  if (api.last_watch().open) api.last_watch().end(status);
}
Trouble all_fail(const char* name, ErrorKind kind) {
  const auto act = [kind](FakeListWatch& api) {
    answer_lists(api, fail(kind, "m"));
    end_watches(api, fail(kind, "m"));
  };
  return {name, act, 16, 200};
}
const ListPage kOnePod{{pod("a", "1")}, "5", ""};

INSTANTIATE_TEST_SUITE_P(All, InformerOutage,
                         testing::Values(all_fail("Unavailable", ErrorKind::kUnavailable),
                                         all_fail("Throttled", ErrorKind::kThrottled),
                                         all_fail("Denied", ErrorKind::kDenied),
                                         all_fail("NotFound", ErrorKind::kNotFound),
                                         all_fail("Expired", ErrorKind::kExpired),
                                         Trouble{"ListsWorkAndWatchesAreExpired",
                                                 [](FakeListWatch& api) {
                                                   answer_lists(api, kOnePod);
                                                   end_watches(api, fail(ErrorKind::kExpired, "m"));
                                                 },
                                                 32, 400},
                                         Trouble{"WatchesEndAtOnce",
                                                 [](FakeListWatch& api) {
                                                   answer_lists(api, kOnePod);
                                                   end_watches(api, {});
                                                 },
                                                 32, 400},
                                         Trouble{"WatchesSendGarbage",
                                                 [](FakeListWatch& api) {
                                                   answer_lists(api, kOnePod);
                                                   api.last_watch().send_line("garbage");
                                                 },
                                                 32, 400},
                                         Trouble{"WatchesEndAfterABookmark",
                                                 [](FakeListWatch& api) {
                                                   answer_lists(api, kOnePod);
                                                   api.last_watch().send(bookmark("6"));
                                                   end_watches(api, {});
                                                 },
                                                 32, 400},
                                         // It makes progress, one change at a time.
                                         Trouble{"WatchesEndAfterAChange",
                                                 [](FakeListWatch& api) {
                                                   answer_lists(api, kOnePod);
                                                   api.last_watch().send(
                                                       watch_event("MODIFIED", pod("a", "6")));
                                                   end_watches(api, {});
                                                 },
                                                 150, 4500}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace dualtrace::kube
