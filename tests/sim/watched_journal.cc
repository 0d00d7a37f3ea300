// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/watched_journal.h"

#include <deque>
#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent::sim {

class WatchedJournal::WatchedLane final : public JournalLane {
 public:
  WatchedLane(JournalLane& lane, WatchedJournal& whole, size_t index, Random& random)
      : lane_(lane),
        whole_(whole),
        witness_(whole.witness_),
        journal_(whole.number_),
        index_(index),
        life_(whole.life_),
        random_(random) {}

  Result<JournalRead> read() override {
    while (true) {
      if (!put_back_.empty()) {
        JournalRecord record = std::move(put_back_.front());
        put_back_.pop_front();
        return JournalRead(std::move(record));
      }
      Result<JournalRead> read = lane_.read();
      if (!read) return read;
      witness_.read(journal_, index_, life_, *read, lane_.books());
      auto* const record = std::get_if<JournalRecord>(&*read);
      if (record == nullptr || random_.below(kCarriesOneOf) != 0) return read;
      carry_unseen(std::move(*record));
    }
  }
  void rewind() override {
    ++takeovers_;
    put_back_.clear();
    witness_.rewound(journal_, index_);
    lane_.rewind();
  }
  void settle(uint64_t sequence, const SpanCounts& counts) override {
    witness_.settled(journal_, index_, life_, sequence, counts);
    lane_.settle(sequence, counts);
  }
  Result<JournalRecord> read_again(uint64_t sequence) override {
    auto again = lane_.read_again(sequence);
    if (!again && again.error().kind == ErrorKind::kCorrupt) {
      witness_.unreadable(journal_, index_, life_, sequence);
    }
    return again;
  }
  void carry_over(CarryOver rest, std::function<void(Status)> done) override {
    const uint64_t lane_life = witness_.carrying(journal_, index_, life_, rest);
    // A lane that was rewound gets no answer, and neither does the witness.
    lane_.carry_over(rest, [this, rest, done = std::move(done), lane_life,
                            takeovers = takeovers_](Status status) {
      if (status && takeovers == takeovers_) witness_.carried(journal_, index_, lane_life, rest);
      done(std::move(status));
    });
  }
  [[nodiscard]] std::optional<PinnedSegment> pinned(size_t records_max) const override {
    return lane_.pinned(records_max);
  }
  Status sync() override {
    witness_.sync_begins(journal_, index_);
    Status status = lane_.sync();
    if (status) witness_.synced(journal_, index_);
    return status;
  }
  void note(std::string text) override { lane_.note(std::move(text)); }
  std::string take_note() override { return lane_.take_note(); }
  void on_published(std::function<void()> notify) override {
    notify_ = notify;
    lane_.on_published(std::move(notify));
  }
  [[nodiscard]] LaneBooks books() const override { return lane_.books(); }
  [[nodiscard]] Backlog backlog() const override { return lane_.backlog(); }
  [[nodiscard]] bool caught_up() const override { return lane_.caught_up(); }

 private:
  static constexpr uint64_t kCarriesOneOf = 24;

  // Does what the lane does with a record that has to wait, at a moment that it cannot choose.
  void carry_unseen(JournalRecord record) {
    const CarryOver rest{.sequence = record.sequence,
                         .payload = std::string(record.payload.view()),
                         .spans = record.spans};
    carry_over(rest, [this, record = std::move(record), takeovers = takeovers_](Status status) {
      if (status || takeovers != takeovers_) return;
      put_back_.push_back(record);
      ++whole_.put_back_;
      if (notify_) notify_();
    });
  }

  JournalLane& lane_;
  WatchedJournal& whole_;
  Witness& witness_;
  const uint32_t journal_;
  const size_t index_;
  const uint32_t life_;
  Random& random_;
  std::deque<JournalRecord> put_back_;  // the carry-over failed
  uint64_t takeovers_ = 0;
  std::function<void()> notify_;
};

WatchedJournal::WatchedJournal(std::unique_ptr<Journal> journal, Witness& witness,
                               const std::string& folder, uint32_t life, Durability durability,
                               const std::array<bool, kLanes>& lanes, Random& random,
                               std::function<void()> closed)
    : journal_(std::move(journal)),
      witness_(witness),
      number_(witness.journal_at(folder)),
      life_(life),
      closed_(std::move(closed)) {
  witness_.opened(number_, life_, durability, lanes, *journal_);
  for (size_t i = 0; i < kLanes; ++i) {
    if (!lanes[i]) continue;
    lanes_[i] = std::make_unique<WatchedLane>(journal_->lane(kLaneNames[i]), *this, i, random);
  }
}

WatchedJournal::~WatchedJournal() { closed_(); }

// A lane reads again if the totals are above what it has seen.
Journal::Totals WatchedJournal::totals() const {
  Totals totals = journal_->totals();
  totals.bytes += put_back_;
  return totals;
}

void WatchedJournal::append(uint32_t request, std::string payload,
                            std::function<void(const Status&)> stored) {
  witness_.appended(number_, life_, request);
  const uint32_t spans = witness_.request(request).spans;
  journal_->append(std::move(payload), spans,
                   [this, request, stored = std::move(stored)](const Status& status) {
                     witness_.answered(request, status);
                     stored(status);
                   });
}

uint64_t WatchedJournal::check_lane(size_t lane) {
  if (!lanes_[lane]) return 0;
  const LaneBooks books = lanes_[lane]->books();
  witness_.check_books(number_, lane, books);
  return books.backlog_bytes;
}

bool WatchedJournal::caught_up() const {
  for (const auto& lane : lanes_) {
    if (lane && !lane->caught_up()) return false;
  }
  return true;
}

void WatchedJournal::append(std::string /*payload*/, uint32_t /*spans*/, Stored /*done*/) {
  check_failed("append by request", __FILE__, __LINE__);
}

JournalLane& WatchedJournal::lane(const std::string& name) {
  for (size_t i = 0; i < kLanes; ++i) {
    if (lanes_[i] && name == kLaneNames[i]) return *lanes_[i];
  }
  check_failed("a lane that is not configured", __FILE__, __LINE__);
}

}  // namespace dualtrace::agent::sim
