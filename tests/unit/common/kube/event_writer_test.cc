// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_writer.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Written = EventWriter::Written;

class EventWriterTest : public testing::Test {
 protected:
  static Event event(const std::string& reason = "SecretMissing") {
    return {.regarding = {{"apiVersion", "dualtrace.dev/v1alpha1"},
                          {"kind", "DualTraceExport"},
                          {"namespace", "n"},
                          {"name", "agents"},
                          {"uid", "u"}},
            .type = Event::Type::kWarning,
            .reason = reason,
            .action = "Reconcile",
            .note = "the Secret arize is missing"};
  }
  std::vector<Json> stored() const { return api.all(kEvents); }

  FakeApi api;
  FakeClock clock;
  std::vector<Duration> pauses;
  bool goes_on = true;
  EventWriter writer{{.controller = "dualtrace-operator", .instance = "dualtrace-operator-x"},
                     api,
                     clock,
                     [this](Duration pause) {
                       pauses.push_back(pause);
                       clock.advance(pause);
                       return goes_on;
                     }};
};

TEST_F(EventWriterTest, CreatesAnEventBesideItsObject) {
  EXPECT_EQ(*writer.write(event()), Written::kCreated);
  ASSERT_EQ(stored().size(), 1u);
  Json object = stored()[0];
  EXPECT_EQ(key_of(object).to_string(), "n/agents.1797a04466e2a000");
  object.erase("metadata");
  EXPECT_EQ(object, (Json{{"apiVersion", "events.k8s.io/v1"},
                          {"kind", "Event"},
                          {"eventTime", "2023-11-14T23:13:20.000000Z"},
                          {"reportingController", "dualtrace-operator"},
                          {"reportingInstance", "dualtrace-operator-x"},
                          {"regarding", event().regarding},
                          {"type", "Warning"},
                          {"reason", "SecretMissing"},
                          {"action", "Reconcile"},
                          {"note", "the Secret arize is missing"}}));
}

TEST_F(EventWriterTest, ARepeatedEventBecomesASeries) {
  ASSERT_TRUE(writer.write(event()));
  for (int i = 0; i < 3; ++i) {
    clock.advance(minutes(5));  // since the last time, not since the first
    EXPECT_EQ(*writer.write(event()), Written::kSeries);
  }
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_EQ(stored()[0]["series"],
            (Json{{"count", 4}, {"lastObservedTime", "2023-11-14T23:28:20.000000Z"}}));
}

TEST_F(EventWriterTest, AfterSixMinutesItIsANewEvent) {
  ASSERT_TRUE(writer.write(event()));
  clock.advance(minutes(6));
  EXPECT_EQ(*writer.write(event()), Written::kCreated);
  EXPECT_EQ(stored().size(), 2u);
}

TEST_F(EventWriterTest, WhatDiffersInAnythingIsAnotherEvent) {
  std::vector<Event> events(6, event());
  events[1].regarding["uid"] = "other";
  events[2].type = Event::Type::kNormal;
  events[3].reason = "KeyMissing";
  events[4].action = "Other";
  events[5].note = "other";
  for (const Event& one : events) EXPECT_EQ(*writer.write(one), Written::kCreated);
  EXPECT_EQ(stored().size(), 6u) << "at the same time, under different names";
}

TEST_F(EventWriterTest, ASeriesWhoseEventIsGoneBeginsAnew) {
  ASSERT_TRUE(writer.write(event()));
  api.erase(kEvents, key_of(stored()[0]));
  EXPECT_EQ(*writer.write(event()), Written::kCreated);
  ASSERT_EQ(stored().size(), 1u);
  EXPECT_FALSE(stored()[0].contains("series"));
  EXPECT_EQ(*writer.write(event()), Written::kSeries);
  EXPECT_EQ(stored()[0]["series"]["count"], 2);
}

TEST_F(EventWriterTest, TriesThreeTimesWhatMayPass) {
  api.fail_next("create", kEvents, {ErrorKind::kUnavailable, "m"});
  api.fail_next("create", kEvents, {ErrorKind::kThrottled, "m", seconds(4)});
  EXPECT_EQ(*writer.write(event()), Written::kCreated);
  EXPECT_EQ(pauses, (std::vector<Duration>{seconds(1), seconds(4)}));

  for (int i = 0; i < 3; ++i) api.fail_next("create", kEvents, {ErrorKind::kUnavailable, "m"});
  EXPECT_FALSE(writer.write(event("Other")));
  EXPECT_EQ(pauses.size(), 4u);
  EXPECT_EQ(*writer.write(event("Other")), Written::kCreated) << "it was not recorded";
}

TEST_F(EventWriterTest, TriesASeriesAgainWithTheSameCount) {
  ASSERT_TRUE(writer.write(event()));
  api.fail_next("merge_patch", kEvents, {ErrorKind::kUnavailable, "m"});
  EXPECT_EQ(*writer.write(event()), Written::kSeries);
  EXPECT_EQ(stored()[0]["series"]["count"], 2);
}

TEST_F(EventWriterTest, GivesUpAtOnceOnWhatWillNotPass) {
  for (const ErrorKind kind : {ErrorKind::kDenied, ErrorKind::kInvalid, ErrorKind::kNotFound}) {
    api.fail_next("create", kEvents, {kind, "m"});
    EXPECT_FALSE(writer.write(event()));
  }
  EXPECT_TRUE(pauses.empty());
}

TEST_F(EventWriterTest, GivesUpWhenItIsToEnd) {
  goes_on = false;
  api.fail_next("create", kEvents, {ErrorKind::kUnavailable, "m"});
  EXPECT_FALSE(writer.write(event()));
  EXPECT_TRUE(stored().empty());
}

TEST_F(EventWriterTest, ATryThatWasHeardAfterAllCounts) {
  int tries = 0;
  api.fault([&](const FakeApi::Call& call) -> std::optional<Error> {
    if (tries++ > 0) return std::nullopt;
    api.put(kEvents, call.body);
    return Error{ErrorKind::kUnavailable, "the answer is lost"};
  });
  EXPECT_EQ(*writer.write(event()), Written::kCreated);
  EXPECT_EQ(stored().size(), 1u);
  EXPECT_EQ(*writer.write(event()), Written::kSeries);
}

TEST_F(EventWriterTest, CutsWhatIsTooLong) {
  Event large = event(std::string(500, 'R'));
  large.regarding["name"] = std::string(235, 'n') + "." + std::string(17, 'm');
  large.note = std::string(1023, 'x') + "\u00e4" + "y";
  large.action = std::string(129, 'A');
  ASSERT_TRUE(writer.write(large));
  const Json object = stored()[0];
  EXPECT_LE(key_of(object).name.size(), 253u);
  EXPECT_EQ(key_of(object).name, std::string(235, 'n') + ".1797a04466e2a000");
  EXPECT_EQ(object["note"], std::string(1023, 'x')) << "not in the middle of a character";
  EXPECT_EQ(object["reason"], std::string(128, 'R'));
  EXPECT_EQ(object["action"], std::string(128, 'A'));
}

TEST_F(EventWriterTest, AnEventAboutTheWholeClusterIsInDefault) {
  Event about_node = event();
  about_node.regarding.erase("namespace");
  ASSERT_TRUE(writer.write(about_node));
  EXPECT_EQ(key_of(stored()[0]).namespace_name, "default");
}

TEST_F(EventWriterTest, RemembersOnlySoMany) {
  for (size_t i = 0; i <= EventWriter::kRememberedMax; ++i) {
    ASSERT_TRUE(writer.write(event("R" + std::to_string(i))));
    clock.advance(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(*writer.write(event("R1")), Written::kSeries);
  EXPECT_EQ(*writer.write(event("R0")), Written::kCreated)
      << "the least recently seen one is dropped";
}

TEST(ReferenceTo, NamesTheObjectAndLeavesOutWhatItHasNot) {
  const Json object{{"apiVersion", "v1"},
                    {"kind", "Node"},
                    {"metadata", {{"name", "n1"}, {"uid", "u"}, {"resourceVersion", "7"}}},
                    {"spec", "x"}};
  EXPECT_EQ(reference_to(object),
            (Json{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", "n1"}, {"uid", "u"}}));
}

}  // namespace
}  // namespace dualtrace::kube
