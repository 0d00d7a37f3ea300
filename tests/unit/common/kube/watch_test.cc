// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch.h"

#include <gtest/gtest.h>

#include "tests/unit/common/kube/objects.h"

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = WatchEvent::Kind;

class WatchStepTest : public testing::Test {
 protected:
  WatchStep feed(WatchInput input) {
    WatchStep result = step(state, std::move(input), now, random);
    state = result.state;
    return result;
  }
  WatchStep line(const Json& event) { return text(to_text(event)); }
  WatchStep text(const std::string& line) {
    return feed(LineCame{read_watch_line(line, {.type = kPods})});
  }
  WatchStep list_fails(Error error) { return feed(ListAnswered{fail(std::move(error))}); }
  WatchStep watch_fails(Error error) { return feed(WatchEnded{fail(std::move(error))}); }

  void be_streaming() { state.phase = Streaming{}; }
  void be_listing() { state.phase = Listing{}; }
  void be_on_page(uint32_t pages) { state.phase = Listing{"next", pages}; }
  void be_watching(Duration since = seconds(60)) { state.phase = Watching{"7", now - since}; }

  static std::string told(const WatchStep& step) {
    std::string text;
    for (const WatchEvent& event : step.events) {
      static constexpr const char* kWords[] = {"init", "listed",  "unlisted",
                                               "done", "applied", "deleted"};
      text += kWords[static_cast<size_t>(event.kind)];
      if (!event.object.is_null()) text += ":" + key_of(event.object).name;
      text += " ";
    }
    return text;
  }
  void expect_wait_then_list(const WatchStep& step, const Listing& listing) {
    ASSERT_TRUE(std::holds_alternative<Wait>(step.action));
    EXPECT_EQ(step.state.phase, decltype(state.phase)(BackingOff{listing}));
  }
  void expect_wait_then_stream(const WatchStep& step) {
    ASSERT_TRUE(std::holds_alternative<Wait>(step.action));
    EXPECT_EQ(step.state.phase, decltype(state.phase)(BackingOff{Streaming{}}));
  }
  void expect_wait_then_watch(const WatchStep& step, const std::string& version) {
    ASSERT_TRUE(std::holds_alternative<Wait>(step.action));
    const auto& next = std::get<BackingOff>(step.state.phase).next;
    ASSERT_TRUE(std::holds_alternative<Watching>(next));
    EXPECT_EQ(std::get<Watching>(next).resource_version, version);
  }
  void expect_watch(const WatchStep& step, const std::string& version) {
    ASSERT_TRUE(std::holds_alternative<OpenWatch>(step.action));
    const WatchRequest& request = std::get<OpenWatch>(step.action).request;
    EXPECT_EQ(request.resource_version, version);
    EXPECT_FALSE(request.lists_first);
    EXPECT_EQ(step.state.phase, decltype(state.phase)(Watching{version, now}));
  }

  WatchState state;
  Tick now{std::chrono::hours(1)};
  Random random{1};
};

TEST_F(WatchStepTest, BeginsWithAStreamOfAllThereIs) {
  const WatchStep next = feed(Begin{});
  ASSERT_TRUE(std::holds_alternative<OpenWatch>(next.action));
  const WatchRequest& request = std::get<OpenWatch>(next.action).request;
  EXPECT_TRUE(request.lists_first);
  EXPECT_EQ(request.resource_version, "");
  EXPECT_EQ(told(next), "init ");
}

TEST_F(WatchStepTest, TakesWhatIsStreamedAndGoesOnInTheSameStream) {
  be_streaming();
  EXPECT_EQ(told(line(watch_event("ADDED", pod("a", "3")))), "listed:a ");
  EXPECT_EQ(told(line(watch_event("MODIFIED", pod("a", "4")))), "listed:a ");
  EXPECT_EQ(told(line(watch_event("ADDED", pod("b", "5")))), "listed:b ");
  EXPECT_EQ(told(line(watch_event("DELETED", pod("b", "6")))), "unlisted:b ");
  const WatchStep end = line(last_of_list("9"));
  EXPECT_EQ(told(end), "done ");
  EXPECT_TRUE(std::holds_alternative<GoOn>(end.action));
  EXPECT_EQ(state.phase, decltype(state.phase)(Watching{"9", now}));
  EXPECT_EQ(told(line(watch_event("DELETED", pod("a", "10")))), "deleted:a ");
}

TEST_F(WatchStepTest, AServerWithoutStreamsIsAskedForPagesAtOnceAndFromThenOn) {
  be_streaming();
  const WatchStep next = watch_fails({ErrorKind::kInvalid, "sendInitialEvents is forbidden"});
  ASSERT_TRUE(std::holds_alternative<SendList>(next.action));
  EXPECT_EQ(std::get<SendList>(next.action).request.limit, 500u);
  EXPECT_EQ(next.end_reason, "NoStreams");
  EXPECT_FALSE(next.error) << "it is not a failure";
  EXPECT_EQ(told(next), "init ");
  be_watching();
  expect_wait_then_list(watch_fails({ErrorKind::kExpired, "gone"}), Listing{});
}

// An API server with an etcd older than 3.4.25 answers 200, and then sends a 500 in the stream.
TEST_F(WatchStepTest, AServerWithAnOldEtcdIsAskedForPagesAtOnce) {
  be_streaming();
  const WatchStep next =
      line(error_event(500, "InternalError", "the required storage feature is disabled"));
  ASSERT_TRUE(std::holds_alternative<SendList>(next.action));
  EXPECT_FALSE(next.error);
  be_streaming();
  line(watch_event("ADDED", pod("a", "3")));
  expect_wait_then_list(line(error_event(500, "InternalError")), Listing{});
}

TEST_F(WatchStepTest, AStreamThatFailsIsFollowedByPagesWhateverItWas) {
  for (const ErrorKind kind :
       {ErrorKind::kThrottled, ErrorKind::kUnavailable, ErrorKind::kDenied, ErrorKind::kNotFound,
        ErrorKind::kExpired, ErrorKind::kExhausted, ErrorKind::kCorrupt}) {
    be_streaming();
    expect_wait_then_list(watch_fails({kind, "m"}), Listing{});
  }
  be_streaming();
  expect_wait_then_list(feed(WatchEnded{}), Listing{});
  be_streaming();
  expect_wait_then_list(feed(FellSilent{}), Listing{});
  be_streaming();
  expect_wait_then_list(line(error_event(429, "m")), Listing{});
  be_streaming();
  expect_wait_then_list(text("{\"type\":\"ADDED\",\"obj"), Listing{});
  be_streaming();
  expect_wait_then_list(line(bookmark("9")), Listing{});  // an old server sends no end marker
}

TEST_F(WatchStepTest, WaitsForAStreamFarShorterThanForAWatch) {
  be_streaming();
  EXPECT_EQ(silence_max(state), seconds(10));
  be_watching();
  EXPECT_EQ(silence_max(state), seconds(150));
}

TEST_F(WatchStepTest, ReadsAListPageByPageAndWatchesFromItsVersion) {
  be_listing();
  const WatchStep first = feed(ListAnswered{ListPage{{pod("a", "3"), pod("b", "4")}, "7", "next"}});
  ASSERT_TRUE(std::holds_alternative<SendList>(first.action));
  EXPECT_EQ(std::get<SendList>(first.action).request.continue_token, "next");
  EXPECT_EQ(told(first), "listed:a listed:b ");
  const WatchStep last = feed(ListAnswered{ListPage{{pod("c", "5")}, "7", ""}});
  EXPECT_EQ(told(last), "listed:c done ");
  expect_watch(last, "7");
}

TEST_F(WatchStepTest, LetsAWatchLastFiveToTenMinutes) {
  std::set<Duration> seen;
  for (int i = 0; i < 200; ++i) {
    be_listing();
    const WatchStep next = feed(ListAnswered{ListPage{{}, "7", ""}});
    seen.insert(std::get<OpenWatch>(next.action).request.lasting);
  }
  EXPECT_GE(*seen.begin(), minutes(5));
  EXPECT_LE(*seen.rbegin(), minutes(10));
  EXPECT_GT(seen.size(), 100u);
}

TEST_F(WatchStepTest, TellsEachChangeAndRemembersItsVersion) {
  be_watching();
  EXPECT_EQ(told(line(watch_event("ADDED", pod("a", "8")))), "applied:a ");
  EXPECT_EQ(told(line(watch_event("MODIFIED", pod("a", "9")))), "applied:a ");
  EXPECT_EQ(told(line(watch_event("DELETED", pod("a", "10")))), "deleted:a ");
  EXPECT_EQ(std::get<Watching>(state.phase).resource_version, "10");
}

TEST_F(WatchStepTest, ABookmarkMovesTheVersionAndTellsNothing) {
  be_watching();
  const WatchStep next = line(bookmark("12"));
  EXPECT_EQ(told(next), "");
  EXPECT_TRUE(std::holds_alternative<GoOn>(next.action));
  EXPECT_EQ(std::get<Watching>(state.phase).resource_version, "12");
  EXPECT_FALSE(std::get<Watching>(state.phase).changed);
}

TEST_F(WatchStepTest, AWatchThatEndedInGoodOrderIsFollowedByTheNextAtOnce) {
  be_watching(seconds(1));
  line(bookmark("12"));
  const WatchStep next = feed(WatchEnded{});
  expect_watch(next, "12");
  EXPECT_EQ(next.end_reason, "Done");
  EXPECT_FALSE(next.error);
}

TEST_F(WatchStepTest, AWatchThatEndsAtOnceWithoutAChangeIsAnError) {
  be_watching(milliseconds(999));
  line(bookmark("12"));
  const WatchStep next = feed(WatchEnded{});
  expect_wait_then_watch(next, "12");
  EXPECT_EQ(next.end_reason, "Short");
  EXPECT_TRUE(next.error);
  EXPECT_EQ(state.failures, 1u);
}

TEST_F(WatchStepTest, AWatchThatEndsAtOnceWithAChangeWaitsButNotLonger) {
  be_watching(milliseconds(10));
  line(watch_event("ADDED", pod("a", "8")));
  const WatchStep next = feed(WatchEnded{});
  expect_wait_then_watch(next, "8");
  EXPECT_EQ(state.failures, 0u);
  EXPECT_GE(std::get<Wait>(next.action).delay, milliseconds(400));
  EXPECT_LE(std::get<Wait>(next.action).delay, milliseconds(800));
}

TEST_F(WatchStepTest, WhatIsNoLongerKeptIsFollowedByANewListOfWhatIsTrueNow) {
  be_watching();
  expect_wait_then_stream(watch_fails({ErrorKind::kExpired, "gone"}));
  be_watching();
  expect_wait_then_stream(line(error_event(410, "Expired")));
  be_watching();
  expect_wait_then_stream(line(error_event(410, "Gone")));
  be_watching();
  const WatchStep next = line(error_event(0, "Expired"));
  expect_wait_then_stream(next);
  EXPECT_EQ(next.end_reason, "Expired");
}

TEST_F(WatchStepTest, AVersionOfTheFutureIsFollowedByANewListToo) {
  const std::string message = "Too large resource version: 9, current: 5";
  be_watching();
  expect_wait_then_stream(watch_fails({ErrorKind::kUnavailable, message}));
  be_watching();
  expect_wait_then_stream(line(error_event(504, "Timeout", message)));
  be_listing();
  expect_wait_then_stream(list_fails({ErrorKind::kUnavailable, message}));
}

TEST_F(WatchStepTest, WhatHasToPassIsFollowedByTheSameWatch) {
  for (const ErrorKind kind : {ErrorKind::kThrottled, ErrorKind::kUnavailable, ErrorKind::kDenied,
                               ErrorKind::kCancelled}) {
    be_watching();
    const WatchStep next = watch_fails({kind, "m"});
    expect_wait_then_watch(next, "7");
    EXPECT_TRUE(next.error);
  }
  for (const int code : {429, 503, 504}) {
    be_watching();
    expect_wait_then_watch(line(error_event(code, "m")), "7");
  }
}

TEST_F(WatchStepTest, WhatWouldFailAgainIsFollowedByANewList) {
  for (const ErrorKind kind : {ErrorKind::kInvalid, ErrorKind::kNotFound, ErrorKind::kExhausted,
                               ErrorKind::kCorrupt, ErrorKind::kInternal}) {
    be_watching();
    expect_wait_then_stream(watch_fails({kind, "m"}));
  }
  be_watching();
  expect_wait_then_stream(line(error_event(500, "InternalError")));
  be_watching();
  expect_wait_then_stream(line({{"type", "ERROR"}}));
}

TEST_F(WatchStepTest, ALineThatCannotBeReadIsFollowedByANewList) {
  Json nameless = watch_event("ADDED", pod("a", "8"));
  nameless["object"]["metadata"].erase("name");
  Json versionless = watch_event("DELETED", pod("a", "8"));
  versionless["object"]["metadata"].erase("resourceVersion");
  for (const std::string& one :
       {std::string("{\"type\":\"ADDED\",\"obj"), std::string(), std::string("[]"),
        std::string("null"), std::string("\xff\xfe"), to_text(nameless), to_text(versionless),
        to_text(watch_event("BOOKMARK", {{"kind", "Pod"}})), to_text({{"type", "ADDED"}}),
        to_text(watch_event("EXPLODED", pod("a", "8"))),
        to_text({{"type", 3}, {"object", pod("a", "8")}})}) {
    be_watching();
    const WatchStep next = text(one);
    expect_wait_then_stream(next);
    EXPECT_EQ(next.end_reason, "Unreadable") << one;
    EXPECT_EQ(told(next), "") << one;
  }
}

TEST_F(WatchStepTest, ASilentWatchIsFollowedByTheNextAtOnce) {
  be_watching();
  line(bookmark("12"));
  const WatchStep next = feed(FellSilent{});
  expect_watch(next, "12");
  EXPECT_EQ(next.end_reason, "Silent");
}

TEST_F(WatchStepTest, AFirstPageThatFailsIsAskedForAgain) {
  for (const ErrorKind kind : {ErrorKind::kThrottled, ErrorKind::kDenied, ErrorKind::kNotFound,
                               ErrorKind::kInternal, ErrorKind::kInvalid}) {
    be_listing();
    expect_wait_then_list(list_fails({kind, "m"}), Listing{});
  }
  be_listing();
  expect_wait_then_stream(list_fails({ErrorKind::kExpired, "m"}));
}

TEST_F(WatchStepTest, AsksForFewerAtATimeWhenItMayHaveBeenTooMuch) {
  be_listing();
  expect_wait_then_list(list_fails({ErrorKind::kUnavailable, "no answer in time"}),
                        Listing{"", 0, 250});
  feed(WaitOver{});
  expect_wait_then_list(list_fails({ErrorKind::kExhausted, "too large"}), Listing{"", 0, 125});
  feed(WaitOver{});
  expect_wait_then_list(feed(FellSilent{}), Listing{"", 0, 62});
  for (int i = 0; i < 8; ++i) {
    const WatchStep next = feed(WaitOver{});
    EXPECT_EQ(told(next), "init ");
    list_fails({ErrorKind::kUnavailable, "no answer in time"});
  }
  const WatchStep next = feed(WaitOver{});
  EXPECT_EQ(std::get<SendList>(next.action).request.limit, 25u) << "and no fewer";
  const WatchStep second = feed(ListAnswered{ListPage{{pod("a", "3")}, "7", "next"}});
  EXPECT_EQ(std::get<SendList>(second.action).request.limit, 50u)
      << "a page that succeeds is followed by the next";
}

TEST_F(WatchStepTest, APageThatHasToWaitIsAskedForAgain) {
  be_on_page(3);
  const Listing where = std::get<Listing>(state.phase);
  expect_wait_then_list(list_fails({ErrorKind::kThrottled, "m"}), where);
  const WatchStep next = feed(WaitOver{});
  EXPECT_EQ(std::get<SendList>(next.action).request.continue_token, "next");
  EXPECT_EQ(told(next), "") << "earlier pages count";
}

TEST_F(WatchStepTest, APageThatIsNoLongerKeptIsFollowedByTheWholeListAnewInAStream) {
  be_on_page(1);
  expect_wait_then_stream(list_fails({ErrorKind::kExpired, "m"}));
  const WatchStep next = feed(WaitOver{});
  EXPECT_TRUE(std::get<OpenWatch>(next.action).request.lists_first);
  EXPECT_EQ(told(next), "init ") << "the partial list is discarded";
  be_on_page(1);
  expect_wait_then_stream(list_fails({ErrorKind::kInvalid, "the token is not valid"}));
  state.no_streams = true;
  be_on_page(1);
  expect_wait_then_list(list_fails({ErrorKind::kExpired, "m"}), Listing{});
}

TEST_F(WatchStepTest, AListThatCannotBeReadIsAFailure) {
  be_listing();
  expect_wait_then_list(feed(ListAnswered{ListPage{{pod("a", "3")}, "", ""}}), Listing{});
  be_listing();
  const WatchStep next = feed(ListAnswered{ListPage{{pod("a", "3"), pod("", "4")}, "7", ""}});
  expect_wait_then_list(next, Listing{});
  EXPECT_EQ(told(next), "");
}

TEST_F(WatchStepTest, WaitsLongerEachTimeAndNeverLongerThanHalfAMinute) {
  Duration ceiling = milliseconds(800);
  for (int i = 0; i < 40; ++i) {
    be_watching(milliseconds(9999));
    const Duration delay = std::get<Wait>(watch_fails({ErrorKind::kUnavailable, "m"}).action).delay;
    EXPECT_GE(delay, milliseconds(400));
    EXPECT_LE(delay, ceiling);
    ceiling = std::min<Duration>(2 * ceiling, seconds(30));
    now += delay;
  }
}

TEST_F(WatchStepTest, WaitsShortlyAgainAfterTwoMinutesWithoutAFailure) {
  state.failures = 20;
  state.last_failure = now;
  now += minutes(2);
  be_watching(seconds(1));
  watch_fails({ErrorKind::kUnavailable, "m"});
  EXPECT_EQ(state.failures, 21u);
  now += minutes(2) + milliseconds(1);
  be_watching(seconds(1));
  const WatchStep next = watch_fails({ErrorKind::kUnavailable, "m"});
  EXPECT_EQ(state.failures, 1u);
  EXPECT_LE(std::get<Wait>(next.action).delay, milliseconds(800));
}

// If an API server restarts every minute, the watch resumes as fast as after one restart.
TEST_F(WatchStepTest, WaitsShortlyAgainAfterAWatchThatStoodForTenSeconds) {
  state.failures = 20;
  state.last_failure = now - seconds(15);
  be_watching(seconds(10));
  const WatchStep next = watch_fails({ErrorKind::kUnavailable, "m"});
  EXPECT_EQ(state.failures, 1u);
  EXPECT_LE(std::get<Wait>(next.action).delay, milliseconds(800));
}

TEST_F(WatchStepTest, ListsSoonWhenAnOutageEndsWithAHistoryThatIsNoLongerKept) {
  state.failures = 20;
  state.last_failure = now;
  be_watching(seconds(1));
  const WatchStep first = watch_fails({ErrorKind::kExpired, "m"});
  EXPECT_LE(std::get<Wait>(first.action).delay, milliseconds(800));
  EXPECT_EQ(state.failures, 21u);
  Duration longest{};
  for (int i = 0; i < 20; ++i) {
    be_watching(seconds(1));
    const WatchStep again = watch_fails({ErrorKind::kExpired, "m"});
    longest = std::max(longest, std::get<Wait>(again.action).delay);
  }
  EXPECT_GT(longest, seconds(10)) << "but not repeatedly";
}

TEST_F(WatchStepTest, WaitsForAsLongAsTheServerSaysWithinAMinute) {
  be_watching();
  const WatchStep next = watch_fails({ErrorKind::kThrottled, "m", seconds(17)});
  EXPECT_EQ(std::get<Wait>(next.action).delay, seconds(17));
  be_watching();
  Json event = error_event(429, "TooManyRequests");
  event["object"]["details"]["retryAfterSeconds"] = 1000;
  EXPECT_EQ(std::get<Wait>(line(event).action).delay, minutes(1));
}

TEST_F(WatchStepTest, GoesOnWhereItWasAfterTheWait) {
  be_watching();
  watch_fails({ErrorKind::kUnavailable, "m"});
  now += seconds(1);
  expect_watch(feed(WaitOver{}), "7");
  be_watching();
  watch_fails({ErrorKind::kExpired, "m"});
  const WatchStep next = feed(WaitOver{});
  EXPECT_TRUE(std::get<OpenWatch>(next.action).request.lists_first);
  EXPECT_EQ(told(next), "init ");
}

TEST_F(WatchStepTest, IgnoresWhatIsFromBefore) {
  const std::vector<WatchInput> all{
      Begin{},
      ListAnswered{ListPage{{pod("a", "3")}, "7", ""}},
      LineCame{read_watch_line(to_text(watch_event("ADDED", pod("a", "8"))), {kPods})},
      WatchEnded{},
      FellSilent{},
      WaitOver{}};
  const std::vector<std::pair<decltype(state.phase), std::set<size_t>>> phases{
      {Empty{}, {0}},
      {Streaming{}, {2, 3, 4}},
      {Listing{"next", 2}, {1, 4}},
      {Watching{"7", now - seconds(3)}, {2, 3, 4}},
      {BackingOff{Watching{"7"}}, {5}}};
  for (const auto& [phase, fitting] : phases) {
    for (size_t i = 0; i < all.size(); ++i) {
      WatchState before{phase, 3, now};
      const WatchStep next = step(before, all[i], now, random);
      const bool ignored =
          next.state == before && std::holds_alternative<GoOn>(next.action) && next.events.empty();
      EXPECT_EQ(ignored, !fitting.contains(i)) << "phase " << phase.index() << ", input " << i;
    }
  }
}

}  // namespace
}  // namespace dualtrace::kube
