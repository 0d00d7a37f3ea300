// SPDX-License-Identifier: Apache-2.0
// Whether a failure is the destination's fault or that of one batch, and what each costs the other
// batches.

#include <algorithm>
#include <map>
#include <set>

#include "agent/lane/lane.h"
#include "tests/unit/agent/lane/lane_fixture.h"

namespace dualtrace::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LaneJudgementTest : public LaneFixture {
 protected:
  void deliver_others(int count, Duration gap = milliseconds(500)) {
    for (int i = 0; i < count; ++i) {
      append_batch();
      scheduler.run_for(gap);
    }
  }
};

TEST_F(LaneJudgementTest, PausesWhenEverythingIsRefusedAndLosesNothing) {
  for (const Outcome& outcome : {refuse(), foreign(), split()}) {
    SCOPED_TRACE(outcome.reason);
    bool refusing = true;
    exporter.behaviour = [&](const ExportRequest&) { return refusing ? outcome : Outcome{}; };
    if (!lane) start();
    const uint64_t delivered = books().settled.delivered;
    const size_t sent = exporter.sent.size();
    for (int i = 0; i < 20; ++i) append_batch();
    scheduler.run_for(minutes(10));
    EXPECT_EQ(state(), LaneState::kPaused);
    EXPECT_EQ(lane->status().last_error->reason, "EverythingRefused");
    EXPECT_EQ(lane->status().last_error->cause, outcome.reason);
    EXPECT_NE(lane->status().last_error->message.find(outcome.message), std::string::npos);
    EXPECT_EQ(books().settled.delivered, delivered);
    EXPECT_LE(exporter.sent.size() - sent, 60u) << "it probes slowly";
    refusing = false;
    scheduler.run_for(minutes(20));
    EXPECT_EQ(books().settled, (SpanCounts{.delivered = delivered + 20})) << "no span is given up";
    EXPECT_EQ(state(), LaneState::kIdle);
  }
}

TEST_F(LaneJudgementTest, ProbesWithDifferentDataWhileEverythingIsRefused) {
  exporter.behaviour = [](const ExportRequest&) { return refuse(); };
  start();
  for (int i = 0; i < 6; ++i) {
    append(otlp_request({std::to_string(i) + std::string(100'000, 'x')}), 1);
  }
  scheduler.run_for(minutes(10));
  std::set<std::string> probed;
  for (size_t i = exporter.sent.size() - 12; i < exporter.sent.size(); ++i) {
    probed.insert(exporter.body(i));
  }
  EXPECT_EQ(probed.size(), 6u);
}

TEST_F(LaneJudgementTest, OneBatchThatIsAlwaysAnsweredSoHoldsNobodyUp) {
  Outcome throttled = retry(seconds(1));
  throttled.reason = "Throttled";
  for (const Outcome& outcome :
       {retry(), throttled, server_error(), timed_out(), pause(), foreign(), refuse()}) {
    SCOPED_TRACE(outcome.reason);
    uint64_t arrived = 0;
    exporter.behaviour = [&](const ExportRequest& request) {
      if (poisoned(request)) return outcome;
      arrived += request.spans;
      return Outcome{};
    };
    if (!lane) start();
    const uint64_t given_up = books().settled.dead_lettered;
    append_batch(16, 5);
    deliver_others(600);
    EXPECT_EQ(arrived, 615u);
    EXPECT_EQ(books().settled.dead_lettered - given_up, outcome.verdict ? 1u : 0u)
        << "data waits unless the answer blames it";
    exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
    scheduler.run_for(minutes(20));
    EXPECT_EQ(books().backlog_spans, 0u);
  }
}

TEST_F(LaneJudgementTest, ABatchThatFailsAloneDoesNotSlowTheOthers) {
  answer_poison_with(server_error());
  start();
  append_batch(16, 5);
  deliver_others(200);
  const size_t sent = exporter.sent.size();
  deliver_others(100);
  size_t suspects = 0;
  for (size_t i = sent; i < exporter.sent.size(); ++i) {
    suspects += poisoned(exporter.sent[i].request) ? 1 : 0;
  }
  EXPECT_LE(suspects, 4u);
  EXPECT_EQ(state(), LaneState::kRetrying) << "only the span that is set aside waits";
}

TEST_F(LaneJudgementTest, ManyBatchesThatFailAloneCloseNoGate) {
  for (const Outcome& outcome : {server_error(), pause(), foreign(), timed_out()}) {
    SCOPED_TRACE(outcome.reason);
    std::map<std::string, Tick> arrived;
    exporter.behaviour = [&](const ExportRequest& request) {
      if (poisoned(request)) return outcome;
      arrived.emplace(request.body->plain().joined(), clock.tick());
      return Outcome{};
    };
    if (!lane) start();
    std::map<std::string, Tick> sent;
    for (int i = 0; i < 300; ++i) {
      const std::string name = outcome.reason + std::to_string(i) + std::string(100'000, 'x');
      append(otlp_request({name}), 1);
      sent.emplace(otlp_request({name}), clock.tick());
      if (i % 3 == 0) append_batch(1, 0);
      scheduler.run_for(milliseconds(200));
    }
    size_t at_once = 0;
    for (const auto& [body, when] : sent) {
      at_once += arrived.contains(body) && arrived.at(body) - when < milliseconds(100) ? 1 : 0;
    }
    EXPECT_GE(at_once, 290u);
  }
}

TEST_F(LaneJudgementTest, WhatIsSetAsideGoesOnByItself) {
  answer_poison_with(server_error());
  start();
  append_batch(16, 5);
  deliver_others(200);
  answer_poison_with({});
  scheduler.run_for(minutes(11));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 216}));
  EXPECT_EQ(state(), LaneState::kIdle);
}

TEST_F(LaneJudgementTest, ADestinationThatFailsAtRandomCostsNoSpan) {
  for (const uint64_t percent : {50, 80, 90}) {
    SCOPED_TRACE(percent);
    Random dice(percent);
    exporter.behaviour = [&](const ExportRequest&) {
      return dice.below(100) < percent ? server_error() : Outcome{};
    };
    if (!lane) start();
    const LaneBooks before = books();
    for (int i = 0; i < 100; ++i) append_batch(10);
    scheduler.run_for(hours(6));
    EXPECT_EQ(books().settled.delivered - before.settled.delivered, 1000u);
    EXPECT_EQ(books().settled.dead_lettered, 0u);
  }
}

TEST_F(LaneJudgementTest, AVerdictInAnOutageIsForgottenWhenOthersPassAgain) {
  // The destination refuses everything for three seconds of every six.
  const Tick begun = clock.tick();
  exporter.behaviour = [&](const ExportRequest&) {
    return (clock.tick() - begun) % seconds(6) < seconds(3) ? refuse() : Outcome{};
  };
  start();
  for (int i = 0; i < 300; ++i) {
    append_batch(4);
    scheduler.run_for(milliseconds(200));
  }
  scheduler.run_for(minutes(10));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 1200}));
}

TEST_F(LaneJudgementTest, GivesADestinationThatAnswersTooLateMoreTime) {
  exporter.latency = options.request_timeout + seconds(1);
  size_t stored = 0;
  // Models an exporter with its own timer, which gives up before the answer arrives.
  exporter.behaviour = [&](const ExportRequest& request) {
    ++stored;
    return request.timeout < exporter.latency ? timed_out() : Outcome{};
  };
  start();
  for (int i = 0; i < 20; ++i) append_batch(10);
  scheduler.run_for(minutes(30));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 200}));
  EXPECT_LE(stored, 20u + 2 * options.requests_in_flight_max);
  exporter.latency = milliseconds(10);
  deliver_others(40);
  EXPECT_EQ(exporter.sent.back().request.timeout, options.request_timeout) << "back to normal";
}

TEST_F(LaneJudgementTest, CuttingHasItsShareOnly) {
  const auto median_wait = [this](uint32_t poison_every) {
    std::map<std::string, Tick> sent;
    std::vector<Duration> waits;
    exporter.latency = milliseconds(100);
    exporter.behaviour = [&](const ExportRequest& request) {
      const std::string body = request.body->plain().joined();
      if (body.find("poison") != std::string::npos) return refuse();
      if (const auto it = sent.find(body); it != sent.end()) {
        waits.push_back(clock.tick() - it->second);
      }
      return Outcome{};
    };
    uint32_t batch = 0;
    for (int i = 0; i < 400; ++i) {
      append(otlp_request({std::to_string(++batch) + ":" + std::string(100'000, 'x')}), 1);
      const std::string body =
          otlp_request({std::to_string(batch) + ":" + std::string(100'000, 'x')});
      sent.emplace(body, clock.tick());
      if (poison_every > 0 && i % poison_every == 0) append_batch(50, 7);
      scheduler.run_for(milliseconds(100));
    }
    std::sort(waits.begin(), waits.end());
    return waits[waits.size() / 2];
  };
  start();
  const Duration usual = median_wait(0);
  const Duration beside_poison = median_wait(5);
  EXPECT_LE(beside_poison, usual + usual / 10);
}

TEST_F(LaneJudgementTest, FindsDefectiveSpansHereAndSendsTheOthersOnce) {
  exporter.behaviour = [](const ExportRequest& request) {
    return request.body->plain().joined().find('\xFF') != std::string::npos ? refuse() : Outcome{};
  };
  start();
  std::vector<std::string> names;
  for (int i = 0; i < 900; ++i) {
    names.push_back(std::to_string(i) + (i % 9 == 4 ? " bad \xFF" : std::string(300, 'x')));
  }
  append(otlp_request(names), 900);
  scheduler.run_for(seconds(5));
  EXPECT_EQ(books().settled, (SpanCounts{.delivered = 800, .dead_lettered = 100}));
  EXPECT_EQ(exporter.sent.size(), 2u);
  ASSERT_EQ(letters().size(), 100u) << "one for each span";
  EXPECT_NE(letters()[0]["message"].get<std::string>().find("UTF-8"), std::string::npos);
  EXPECT_EQ(span_names(request_of(letters()[1])), std::vector<std::string>{names[13]});
}

TEST_F(LaneJudgementTest, ConvictsASpanByItsNeighboursWhenNothingElseComes) {
  for (int poison = 0; poison < 5; ++poison) {
    answer_poison_with(refuse());
    if (!lane) start();
    const uint64_t delivered = books().settled.delivered;
    append_batch(5, poison);
    scheduler.run_for(minutes(1));
    EXPECT_EQ(books().settled.delivered - delivered, 4u);
    EXPECT_EQ(books().settled.dead_lettered, static_cast<uint64_t>(poison) + 1);
    EXPECT_EQ(state(), LaneState::kIdle);
  }
}

TEST_F(LaneJudgementTest, ADefectAloneIsNoEvidence) {
  exporter.behaviour = [](const ExportRequest&) { return refuse(); };
  start();
  append(otlp_request({"bad \xFF"}), 1);
  scheduler.run_for(minutes(10));
  EXPECT_EQ(books().settled.sum(), 0u);
  EXPECT_EQ(state(), LaneState::kPaused);
  exporter.behaviour = [](const ExportRequest&) { return Outcome{}; };
  scheduler.run_for(minutes(10));
  EXPECT_EQ(books().settled.delivered, 1u);
}

TEST_F(LaneJudgementTest, WritesLettersThatComeTogetherTogether) {
  options.requests_in_flight_max = 1;
  answer_poison_with(refuse());
  start();
  for (int i = 0; i < 50; ++i) append_batch(2, 1);
  deliver_others(400);
  EXPECT_EQ(books().settled.dead_lettered, 50u);
  EXPECT_EQ(letters().size(), 50u);
}

}  // namespace
}  // namespace dualtrace::agent
