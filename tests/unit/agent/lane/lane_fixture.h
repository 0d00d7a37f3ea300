// SPDX-License-Identifier: Apache-2.0
#pragma once
// LaneFixture: a lane between an in-memory journal and a fake destination, on one scheduler whose
// time only advances when the test advances it.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "agent/lane/dead_letters.h"
#include "agent/lane/lane.h"
#include "tests/fakes/default_delivery.h"
#include "tests/fakes/fake_exporter.h"
#include "tests/fakes/fake_journal_lane.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/fakes/memory_file_system.h"
#include "tests/unit/agent/lane/letters.h"
#include "tests/unit/agent/lane/otlp_request.h"

namespace dualtrace::agent {

class LaneFixture : public testing::Test {
 protected:
  static constexpr Duration kLinger = std::chrono::milliseconds(200);

  LaneFixture() {
    options.linger = kLinger;
    options.batch_bytes_target = 100'000;
    options.batch_bytes_max = 390'000;
    journal.lane("arize");
  }

  void start() {
    lane = std::make_unique<Lane>(options, exporter, dead_letters, scheduler, Random(7), metrics);
    lane->add_journal(journal, {});
    scheduler.run_ready();
  }
  void append(std::string request, uint32_t spans) {
    journal.append(std::move(request), spans, {});
  }
  // A record that immediately becomes a batch of its own because it exceeds the target.
  void append_batch(uint32_t spans = 1, int poison = -1) {
    append(otlp_request_of(spans, options.batch_bytes_target / spans + 1, poison), spans);
  }
  // One span of the first record fails while other data passes.
  void hold_one_span_back() {
    append_batch(4, 1);
    for (int i = 0; i < 100; ++i) {
      append_batch();
      scheduler.run_for(std::chrono::seconds(1));
    }
  }
  // The first record pins a segment on disk; lanes check for pinned segments periodically.
  void pin_first_record() {
    journal.lanes["arize"].pinning =
        PinnedSegment{.sequences = {1}, .payload_bytes = 1, .bytes = 1'000'000};
  }
  void answer(size_t index, Outcome outcome) {
    exporter.answer(index, std::move(outcome));
    scheduler.run_ready();
  }
  [[nodiscard]] LaneBooks books() { return lane->status().books; }
  [[nodiscard]] LaneState state() { return lane->status().state; }
  [[nodiscard]] static Outcome retry(std::optional<Duration> hint = {}) {
    return {.kind = OutcomeKind::kRetry, .retry_after = hint, .reason = "Unreachable"};
  }
  [[nodiscard]] static Outcome server_error() {
    return {.kind = OutcomeKind::kRetry, .reason = "ServerError"};
  }
  [[nodiscard]] static Outcome pause() {
    return {.kind = OutcomeKind::kPause, .reason = "AuthRejected", .message = "bad key"};
  }
  [[nodiscard]] static Outcome refuse() {
    return {.kind = OutcomeKind::kRefuse,
            .verdict = true,
            .reason = "InvalidData",
            .message = "poison"};
  }
  [[nodiscard]] static Outcome foreign() {
    return {.kind = OutcomeKind::kRefuse, .reason = "ForeignAnswer", .message = "<html>"};
  }
  [[nodiscard]] static Outcome timed_out() {
    return {.kind = OutcomeKind::kRetry, .timed_out = true, .reason = "Timeout"};
  }
  [[nodiscard]] static bool poisoned(const ExportRequest& request) {
    return request.body->plain().joined().find("poison") != std::string::npos;
  }
  // The destination accepts everything except poisoned spans.
  void answer_poison_with(const Outcome& outcome) {
    exporter.behaviour = [outcome](const ExportRequest& request) {
      return poisoned(request) ? outcome : Outcome{};
    };
  }
  // All lines of all the files.
  [[nodiscard]] std::vector<nlohmann::json> letters() { return letters_in(files, "/dead"); }
  [[nodiscard]] static Outcome split() {
    return {.kind = OutcomeKind::kSplit, .reason = "TooLarge"};
  }

  FakeClock clock;
  FakeScheduler scheduler{clock};
  MetricRegistry metrics;
  MemoryFileSystem files;
  DeadLetters dead_letters{{.folder = "/dead", .destination = "arize"}, files, metrics};
  FakeExporter exporter{scheduler};
  FakeSourceJournal journal{clock};
  LaneOptions options{"arize", default_delivery()};
  std::unique_ptr<Lane> lane;
};

}  // namespace dualtrace::agent
