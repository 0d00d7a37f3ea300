#include "tests/sim/watched_journal.h"

#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent::sim {

class WatchedJournal::WatchedLane final : public JournalLane {
 public:
  WatchedLane(JournalLane& lane, Witness& witness, uint32_t journal, size_t index, uint32_t life)
      : lane_(lane), witness_(witness), journal_(journal), index_(index), life_(life) {}

  Result<JournalRead> read() override {
    Result<JournalRead> read = lane_.read();
    if (read) witness_.read(journal_, index_, life_, *read, lane_.books());
    return read;
  }
  void rewind() override {
    witness_.rewound(journal_, index_);
    lane_.rewind();
  }
  void settle(uint64_t sequence, const SpanCounts& counts) override {
    witness_.settled(journal_, index_, life_, sequence, counts);
    lane_.settle(sequence, counts);
  }
  Result<JournalRecord> read_again(uint64_t sequence) override {
    return lane_.read_again(sequence);
  }
  void carry_over(CarryOver rest, std::function<void(Status)> done) override {
    lane_.carry_over(std::move(rest), std::move(done));
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
  void on_published(std::function<void()> notify) override {
    lane_.on_published(std::move(notify));
  }
  [[nodiscard]] LaneBooks books() const override { return lane_.books(); }
  [[nodiscard]] bool caught_up() const override { return lane_.caught_up(); }

 private:
  JournalLane& lane_;
  Witness& witness_;
  const uint32_t journal_;
  const size_t index_;
  const uint32_t life_;
};

WatchedJournal::WatchedJournal(std::unique_ptr<Journal> journal, Witness& witness,
                               const std::string& folder, uint32_t life, Durability durability,
                               const std::array<bool, kLanes>& lanes, std::function<void()> closed)
    : journal_(std::move(journal)),
      witness_(witness),
      number_(witness.journal_at(folder)),
      life_(life),
      closed_(std::move(closed)) {
  witness_.opened(number_, life_, durability, lanes, *journal_);
  for (size_t i = 0; i < kLanes; ++i) {
    if (!lanes[i]) continue;
    lanes_[i] =
        std::make_unique<WatchedLane>(journal_->lane(kLaneNames[i]), witness_, number_, i, life_);
  }
}

WatchedJournal::~WatchedJournal() { closed_(); }

void WatchedJournal::append(uint32_t request, std::string payload) {
  witness_.appended(number_, life_, request);
  const uint32_t spans = witness_.request(request).spans;
  journal_->append(std::move(payload), spans,
                   [this, request](const Status& status) { witness_.answered(request, status); });
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
