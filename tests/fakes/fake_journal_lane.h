// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeJournalLane and FakeSourceJournal: an in-memory journal to read from. It enforces the
// contract of journal_lane.h: settling twice, settling what was not read, or settling a different
// number of spans ends the test. Used from one thread.

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "agent/journal/journal.h"
#include "common/error/check.h"

namespace dualtrace::agent {

class FakeJournalLane final : public JournalLane {
 public:
  Result<JournalRead> read() override {
    ++reads;
    if (read_error) return fail(*read_error);
    if (damage) {
      const JournalDamage told = *std::exchange(damage, std::nullopt);
      totals.accepted += told.spans;
      totals.settled.dead_lettered += told.spans;
      return told;
    }
    if (unread.empty()) return JournalEnd{};
    JournalRecord record = std::move(unread.front());
    unread.pop_front();
    open.emplace(record.sequence, record);
    return record;
  }
  void rewind() override {
    for (auto held = open.rbegin(); held != open.rend(); ++held) {
      unread.push_front(std::move(held->second));
    }
    open.clear();
  }
  void settle(uint64_t sequence, const SpanCounts& counts) override {
    const auto held = open.find(sequence);
    DT_CHECK(held != open.end());
    DT_CHECK(counts.sum() == held->second.spans);
    DT_CHECK(!carrying.contains(sequence));
    totals.settled += counts;
    totals.backlog_spans -= held->second.spans;
    totals.backlog_bytes -= held->second.payload.size();
    open.erase(held);
    settled.emplace(sequence, counts);
  }
  Result<JournalRecord> read_again(uint64_t sequence) override {
    ++reads_again;
    if (read_error) return fail(*read_error);
    const auto held = open.find(sequence);
    DT_CHECK(held != open.end());
    return held->second;
  }
  // The copy is read next; `done` is called by finish_carrying().
  void carry_over(CarryOver rest, std::function<void(Status)> done) override {
    const auto held = open.find(rest.sequence);
    DT_CHECK(held != open.end());
    DT_CHECK(rest.spans > 0 && rest.spans + rest.ended.sum() == held->second.spans);
    const uint64_t sequence = rest.sequence;
    DT_CHECK(carrying.emplace(sequence, Carrying{std::move(rest), std::move(done)}).second);
    if (!carries_wait) finish_carrying();
  }
  void finish_carrying() {
    for (auto& [sequence, each] : std::exchange(carrying, {})) {
      if (carry_error) {
        each.done(fail(*carry_error));
        continue;
      }
      const JournalRecord original = open.at(sequence);
      const JournalRecord copy{{.sequence = ++last_carried,
                                .arrived = original.arrived,
                                .spans = each.rest.spans,
                                .bytes = each.rest.payload.size(),
                                .bytes_before = original.bytes_before,
                                .carried_for = 1},
                               std::move(each.rest.payload)};
      totals.settled += each.rest.ended;
      totals.backlog_spans -= each.rest.ended.sum();
      totals.backlog_bytes += copy.payload.size();
      totals.backlog_bytes -= original.payload.size();
      open.erase(sequence);
      settled.emplace(sequence, each.rest.ended);
      unread.push_back(copy);
      each.done({});
      if (notify) notify();
    }
  }
  [[nodiscard]] std::optional<PinnedSegment> pinned(size_t records_max) const override {
    if (!pinning || pinning->sequences.size() > records_max) return std::nullopt;
    return pinning;
  }
  Status sync() override {
    ++syncs;
    if (sync_error) return fail(*sync_error);
    settled_at_sync = settled.size();
    noted_at_sync = noted;
    return {};
  }
  void note(std::string text) override { noted = std::move(text); }
  std::string take_note() override { return std::exchange(note_before, ""); }
  void on_published(std::function<void()> callback) override { notify = std::move(callback); }
  [[nodiscard]] LaneBooks books() const override {
    LaneBooks books = totals;
    if (!unread.empty()) books.oldest_unsettled = unread.front().arrived;
    if (!open.empty()) books.oldest_unsettled = open.begin()->second.arrived;
    return books;
  }
  [[nodiscard]] Backlog backlog() const override {
    uint64_t oldest = unread.empty() ? ~uint64_t{0} : unread.front().sequence;
    if (!open.empty()) oldest = std::min(oldest, open.begin()->first);
    return {totals.backlog_bytes, oldest};
  }
  [[nodiscard]] bool caught_up() const override { return unread.empty() && open.empty(); }

  void publish(JournalRecord record) {
    totals.accepted += record.spans;
    totals.backlog_spans += record.spans;
    totals.backlog_bytes += record.payload.size();
    unread.push_back(std::move(record));
    if (notify) notify();
  }

  struct Carrying {
    CarryOver rest;
    std::function<void(Status)> done;
  };

  std::deque<JournalRecord> unread;
  std::map<uint64_t, JournalRecord> open;  // read, not settled
  std::map<uint64_t, SpanCounts> settled;
  LaneBooks totals;
  std::optional<Error> read_error;
  std::optional<Error> sync_error;
  std::optional<Error> carry_error;
  bool carries_wait = false;              // until finish_carrying()
  std::map<uint64_t, Carrying> carrying;  // by sequence
  uint64_t last_carried = 1'000'000;      // sequence of a copy
  std::optional<PinnedSegment> pinning;   // the result of pinned()
  uint64_t reads_again = 0;
  std::optional<JournalDamage> damage;  // reported by the next read()
  uint64_t reads = 0;
  uint64_t syncs = 0;
  uint64_t settled_at_sync = 0;
  std::string note_before;  // the result of take_note()
  std::string noted;
  std::string noted_at_sync;
  std::function<void()> notify;
};

class FakeSourceJournal final : public Journal {
 public:
  explicit FakeSourceJournal(Clock& clock) : clock_(clock) {}

  void append(std::string payload, uint32_t spans, Stored done) override {
    const JournalRecord record{{.sequence = ++appended.records,
                                .arrived = clock_.wall(),
                                .spans = spans,
                                .bytes = payload.size(),
                                .bytes_before = appended.bytes},
                               std::move(payload)};
    appended.spans += spans;
    appended.bytes += record.payload.size();
    for (auto& [name, lane] : lanes) lane.publish(record);
    if (done) done({});
  }
  [[nodiscard]] Totals totals() const override { return appended; }
  [[nodiscard]] Health health() const override { return {}; }
  void allow_segments(uint64_t /*segments_max*/) override {}
  void keep_free(DiskShare /*min_free*/) override {}
  void give_back(std::function<void()> done) override { done(); }
  FakeJournalLane& lane(const std::string& name) override { return lanes[name]; }

  std::map<std::string, FakeJournalLane> lanes;  // call lane() for one before the first append()
  Totals appended;

 private:
  Clock& clock_;
};

}  // namespace dualtrace::agent
