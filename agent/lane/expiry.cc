// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/expiry.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {
namespace {

// The limits of one turn: the lane must be able to react to other events in between.
constexpr uint64_t kRecordsPerTurn = 2000;
constexpr uint64_t kBytesPerTurn = 32 * 1024 * 1024;

// A smaller difference between two calls is a gradual clock adjustment.
constexpr Duration kJump = std::chrono::minutes(1);

Duration offset_of(const Clock& clock) {
  return clock.wall().time_since_epoch() - clock.tick().time_since_epoch();
}

class Turn {
 public:
  Turn(Outbox& outbox, LaneReport& report, uint64_t backlog_bytes, const ExpiryLimits& limits)
      : outbox_(outbox), report_(report), backlog_bytes_(backlog_bytes), limits_(limits) {}
  ~Turn() {
    if (by_backlog_ > 0) lost(report::LossReason::kBacklog, by_backlog_);
    if (by_age_ > 0) lost(report::LossReason::kAge, by_age_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Batches first: their records were read before the unread ones.
  void drop_from(Source& source) {
    const uint64_t others_bytes = backlog_bytes_ - source.journal().backlog().bytes;
    drop_from(source, others_bytes);
    backlog_bytes_ = others_bytes + source.journal().backlog().bytes;
  }

  [[nodiscard]] bool over() const { return records_ >= kRecordsPerTurn || bytes_ >= kBytesPerTurn; }
  [[nodiscard]] uint64_t spans() const { return by_backlog_ + by_age_; }
  [[nodiscard]] bool too_much() const { return backlog_bytes_ > limits_.backlog_bytes_max; }

 private:
  void lost(report::LossReason why, uint64_t spans) {
    report_.undelivered(report::LossWord::kExpired, to_string(why), spans);
  }

  void drop_from(Source& source, uint64_t others_bytes) {
    const auto wanted = [&](const OpenRecord& record, WallTime arrived, uint64_t spans,
                            uint64_t bytes) {
      return to_drop(source, others_bytes, record.sequence, arrived, spans, bytes);
    };
    // Carried records are old, but are at the journal's end.
    while (!over()) {
      Batch* const suspect = outbox_.suspect_from_before(source.journal(), limits_.oldest_allowed);
      if (suspect == nullptr || drop(*suspect, wanted) == 0) break;
    }
    while (!over()) {
      if (auto open = source.seal()) outbox_.push_new(*std::move(open));
      Batch* const batch = outbox_.oldest_of(source.journal());
      if (batch == nullptr) break;
      const uint32_t spans = batch->spans;
      if (drop(*batch, wanted) < spans) return;
    }
    while (!over()) {
      const JournalRecord* const record = source.next_unread();
      if (record == nullptr || !to_drop(source, others_bytes, record->sequence, record->arrived,
                                        record->spans, record->payload.size())) {
        return;
      }
      source.expire_unread();
    }
  }

  // Drops from the front of the batch as long as `wanted` returns true.
  template <typename Wanted>
  uint64_t drop(Batch& batch, const Wanted& wanted) {
    const size_t bytes_before = batch.bytes();
    const uint64_t dropped = drop_front(batch, &SpanCounts::expired, [&](const Piece& piece) {
      const OpenRecord& record = *piece.record;
      return batch.halved ? wanted(record, batch.arrived(), batch.spans, batch.bytes())
                          : wanted(record, record.arrived, piece.spans, piece.bytes);
    });
    outbox_.shrunk(batch, bytes_before);
    return dropped;
  }

  // Decides, and records the decision. A segment is removed when everything in it is settled: while
  // an older record is in flight, dropping this one would free nothing.
  bool to_drop(const Source& source, uint64_t others_bytes, uint64_t sequence, WallTime arrived,
               uint64_t spans, uint64_t bytes) {
    if (over()) return false;
    const bool too_old = arrived < limits_.oldest_allowed;
    if (!too_old) {
      const Backlog backlog = source.journal().backlog();
      const bool too_much = others_bytes + backlog.bytes > limits_.backlog_bytes_max;
      if (!too_much || sequence > backlog.oldest) return false;
    }
    (too_old ? by_age_ : by_backlog_) += spans;
    bytes_ += bytes;
    ++records_;
    return true;
  }

  Outbox& outbox_;
  LaneReport& report_;
  uint64_t backlog_bytes_;  // of all journals
  const ExpiryLimits limits_;
  uint64_t by_backlog_ = 0;
  uint64_t by_age_ = 0;
  uint64_t records_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace

AgeLimit::AgeLimit(Duration age_max, const Clock& clock, const std::optional<SeenClock>& seen)
    : age_max_(age_max),
      clock_(clock),
      seen_(seen.value_or(SeenClock{.offset = offset_of(clock)})) {}

WallTime AgeLimit::oldest_allowed() {
  const Duration before = std::exchange(seen_.offset, offset_of(clock_));
  if (seen_.offset - before > kJump) seen_.jumped = clock_.tick();
  if (seen_.jumped && clock_.tick() - *seen_.jumped <= age_max_) return WallTime::min();
  return clock_.wall() - age_max_;
}

Expired expire(std::vector<std::unique_ptr<Source>>& sources, Outbox& outbox,
               const ExpiryLimits& limits, LaneReport& report) {
  uint64_t backlog_bytes = 0;
  std::vector<std::pair<WallTime, Source*>> oldest_first;
  for (const auto& source : sources) {
    const LaneBooks books = source->journal().books();
    backlog_bytes += books.backlog_bytes;
    if (books.oldest_unsettled) oldest_first.emplace_back(*books.oldest_unsettled, source.get());
  }
  std::stable_sort(oldest_first.begin(), oldest_first.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });

  Turn turn(outbox, report, backlog_bytes, limits);
  for (const auto& [oldest, source] : oldest_first) {
    if (oldest < limits.oldest_allowed || turn.too_much()) turn.drop_from(*source);
  }
  return {turn.spans(), turn.over()};
}

}  // namespace dualtrace::agent
