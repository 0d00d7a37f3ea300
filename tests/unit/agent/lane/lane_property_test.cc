// SPDX-License-Identifier: Apache-2.0
// Whatever a destination answers, in whatever order: the books balance at every step, and once it
// recovers, every record is settled exactly once. FakeJournalLane fails on a second settlement.

#include <map>
#include <set>

#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LaneProperty : public LaneFixture, public testing::WithParamInterface<uint64_t> {
 protected:
  LaneProperty() {
    options.batch_bytes_target = 2000;
    options.batch_bytes_max = 5000;
    options.backoff = {.base = milliseconds(100), .max = seconds(2)};
    options.pause_probe_interval = seconds(5);
  }

  Outcome any_outcome() {
    switch (random.below(8)) {
      case 0:
        return {
            .kind = OutcomeKind::kPartly, .rejected = random.below(30), .reason = "SpansRejected"};
      case 1:
        return retry(random.below(2) == 0 ? std::optional<Duration>(seconds(3)) : std::nullopt);
      case 2:
        return server_error();
      case 3:
        return split();
      case 4:
        return pause();
      case 5:
        return refuse();
      default:
        return {};
    }
  }

  void append_something() {
    const auto spans = static_cast<uint32_t>(1 + random.below(20));
    std::vector<std::string> names;
    for (uint32_t i = 0; i < spans; ++i) {
      names.push_back(std::to_string(++last_span) + ":" + std::string(random.below(400), 'x'));
    }
    append(otlp_request(names), spans);
  }

  // Answers a random request in flight.
  void answer_one(Outcome outcome) {
    std::vector<size_t> open;
    for (size_t i = first_open; i < exporter.sent.size(); ++i) {
      if (exporter.sent[i].done) open.push_back(i);
    }
    if (open.empty()) return;
    first_open = open.front();
    answer(open[random.below(open.size())], std::move(outcome));
  }

  // A retried span is the same span, however it is framed.
  void expect_same_spans() {
    for (; seen < exporter.sent.size(); ++seen) {
      const std::vector<std::string> names = span_names(exporter.body(seen));
      ASSERT_EQ(names.size(), exporter.sent[seen].request.spans);
      for (const std::string& name : names) {
        const auto [same, first_time] = texts.emplace(name.substr(0, name.find(':')), name);
        EXPECT_EQ(same->second, name);
        resent += first_time ? 0 : 1;
      }
    }
  }

  void expect_balanced() {
    const LaneBooks now = books();
    ASSERT_EQ(now.accepted, now.settled.sum() + now.backlog_spans);
  }

  Random random{GetParam()};
  uint64_t last_span = 0;
  size_t first_open = 0;
  size_t seen = 0;
  size_t resent = 0;
  std::map<std::string, std::string> texts;  // by number
};

TEST_P(LaneProperty, EverySpanEndsUnderExactlyOneWord) {
  start();
  for (int step = 0; step < 3000; ++step) {
    if (random.below(3) == 0) append_something();
    scheduler.run_for(milliseconds(random.below(50)));
    if (random.below(2) == 0) {
      answer_one(any_outcome());
    }
    if (random.below(100) == 0) lane->nudge();
    expect_balanced();
    expect_same_spans();
    ASSERT_LE(exporter.unanswered(), options.requests_in_flight_max);
  }
  const uint64_t delivered_before = books().settled.delivered;
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  while (exporter.unanswered() > 0) answer_one({});
  scheduler.run_for(minutes(10));
  expect_balanced();
  EXPECT_EQ(books().backlog_spans, 0u);
  EXPECT_EQ(books().accepted, last_span);
  EXPECT_GT(books().settled.delivered, delivered_before);
  EXPECT_GT(resent, 0u);
  EXPECT_TRUE(journal.lanes["arize"].open.empty());
  EXPECT_EQ(state(), LaneState::kIdle);
}

TEST_P(LaneProperty, GoodSpansArriveWhateverTheTrouble) {
  // The destination always refuses poisoned spans; for others it fails at random.
  std::set<std::string> arrived;
  exporter.behaviour = [&](const ExportRequest& request) -> Outcome {
    if (random.below(4) == 0) return random.below(2) == 0 ? retry() : pause();
    if (request.body->plain().joined().find("poison") != std::string::npos) return refuse();
    if (request.spans > 1 && request.body->size() > 3000) return split();
    for (const std::string& name : span_names(request.body->plain().joined())) arrived.insert(name);
    return {};
  };
  start();
  uint64_t poisoned = 0;
  std::set<std::string> good;
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> names;
    for (uint64_t left = 1 + random.below(10); left > 0; --left) {
      std::string name = std::to_string(++last_span) + ":";
      if (random.below(50) == 0) {
        name += "poison";
        ++poisoned;
      } else {
        good.insert(name);
      }
      names.push_back(name);
    }
    append(otlp_request(names), static_cast<uint32_t>(names.size()));
    scheduler.run_for(milliseconds(random.below(500)));
    expect_balanced();
  }
  // A refused batch is given up only while other data passes.
  for (int i = 0; i < 200; ++i) {
    append(otlp_request({*good.insert(std::to_string(++last_span) + ":").first}), 1);
    scheduler.run_for(minutes(1));
  }
  EXPECT_EQ(arrived, good);
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = good.size(), .dead_lettered = poisoned}));
}

TEST_P(LaneProperty, ExpiryKeepsTheBooks) {
  options.backlog_bytes_max = 20'000;
  options.age_max = seconds(20);
  start();
  for (int step = 0; step < 2000; ++step) {
    if (random.below(2) == 0) append_something();
    scheduler.run_for(milliseconds(random.below(200)));
    if (random.below(6) == 0) {
      answer_one(any_outcome());
    }
    expect_balanced();
  }
  EXPECT_GT(books().settled.expired, 0u);
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  while (exporter.unanswered() > 0) answer_one({});
  scheduler.run_for(minutes(5));
  EXPECT_EQ(books().backlog_spans, 0u);
  EXPECT_EQ(books().settled.sum(), last_span);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LaneProperty, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace dualtrace::agent
