// SPDX-License-Identifier: Apache-2.0
#include "common/kube/event_recorder.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::kube {
namespace {

class EventRecorderTest : public testing::Test {
 protected:
  static Event event(const std::string& reason) {
    return {.regarding = {{"namespace", "n"}, {"name", "agents"}},
            .reason = reason,
            .action = "Reconcile",
            .note = "note"};
  }
  bool counts(const std::string& outcome, int number) const {
    return metrics.text().find("dualtrace_events_total{outcome=\"" + outcome + "\"} " +
                               std::to_string(number) + "\n") != std::string::npos;
  }

  FakeApi api;
  SystemClock clock;
  MetricRegistry metrics;
};

// Blocks the first write until the test releases it.
struct Gate {
  std::optional<Error> operator()(const FakeApi::Call& /*call*/) {
    if (!std::exchange(once, true)) {
      reached.set_value();
      go.get_future().wait();
    }
    return std::nullopt;
  }
  bool once = false;
  std::promise<void> reached;
  std::promise<void> go;
};

TEST_F(EventRecorderTest, NeverWaitsAndDropsWhatItCannotHold) {
  Gate gate;
  api.fault(std::ref(gate));
  {
    EventRecorder recorder({.controller = "c", .instance = "i", .queue_max = 2}, api, clock,
                           metrics);
    recorder.record(event("First"));
    gate.reached.get_future().wait();
    for (const char* reason : {"Second", "Third", "Fourth", "Fifth"}) {
      recorder.record(event(reason));
    }
    EXPECT_TRUE(counts("dropped", 2));
    std::promise<void> last;
    api.fault([&last](const FakeApi::Call& call) -> std::optional<Error> {
      if (call.body["reason"] == "Third") last.set_value();
      return std::nullopt;
    });
    gate.go.set_value();
    last.get_future().wait();
  }
  EXPECT_EQ(api.all(kEvents).size(), 3u);
  EXPECT_TRUE(counts("created", 3));
  EXPECT_TRUE(counts("dropped", 2));
}

TEST_F(EventRecorderTest, CountsWhatWasRepeatedAndWhatFailed) {
  std::promise<void> last;
  api.fault([&last](const FakeApi::Call& call) -> std::optional<Error> {
    if (call.body.contains("reason") && call.body["reason"] == "Refused") {
      return Error{ErrorKind::kDenied, "m"};
    }
    if (call.body.contains("reason") && call.body["reason"] == "Last") last.set_value();
    return std::nullopt;
  });
  {
    EventRecorder recorder({.controller = "c", .instance = "i"}, api, clock, metrics);
    for (const char* reason : {"Same", "Same", "Refused", "Last"}) recorder.record(event(reason));
    last.get_future().wait();
  }
  EXPECT_TRUE(counts("created", 2));
  EXPECT_TRUE(counts("repeated", 1));
  EXPECT_TRUE(counts("failed", 1));
}

TEST_F(EventRecorderTest, EndsAtOnceInTheMiddleOfATry) {
  std::promise<void> tried;
  bool once = false;
  api.fault([&](const FakeApi::Call&) -> std::optional<Error> {
    if (!std::exchange(once, true)) tried.set_value();
    return Error{ErrorKind::kUnavailable, "m", std::chrono::hours(1)};
  });
  const Tick begin = clock.tick();
  {
    EventRecorder recorder({.controller = "c", .instance = "i"}, api, clock, metrics);
    recorder.record(event("First"));
    recorder.record(event("Second"));
    tried.get_future().wait();
  }
  EXPECT_LT(clock.tick() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(counts("failed", 1));
  EXPECT_TRUE(counts("dropped", 1));
}

}  // namespace
}  // namespace dualtrace::kube
