#pragma once
// Source: one journal as the lane sees it: read forward into a batcher, expire what is unread, sync
// now and then, let go when drained (adopted journals). Used from one thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "agent/journal/journal_lane.h"
#include "agent/lane/batcher.h"
#include "agent/lane/lane_report.h"
#include "common/random/random.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Source {
 public:
  // `drained` is empty for the process's own journal. The references outlive the source.
  Source(JournalLane& journal, Duration linger, std::function<void()> drained, LaneReport& report);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] JournalLane& journal() { return journal_; }

  // Something may have been published.
  void wake() { at_end_ = false; }
  // More can be read now.
  [[nodiscard]] bool readable(Tick now) const { return !at_end_ && now >= read_again_; }
  // Reads until a batch is sealed or the journal ends or fails; returns what was sealed.
  std::vector<Batch> read(const BatchLimits& limits, const Backoff& backoff, Tick now,
                          Random& random);

  // The open batch, if it has lingered; while there is more to read, nothing lingers: it fills up.
  std::optional<Batch> seal_due(Tick now);
  std::optional<Batch> seal() { return batcher_.seal(); }
  [[nodiscard]] size_t open_bytes() const { return batcher_.open_bytes(); }
  // When to look again without being woken.
  [[nodiscard]] std::optional<Tick> due_at(Tick now) const;

  // The oldest record that is in no batch yet, or nullptr (the end, or a failure).
  [[nodiscard]] const JournalRecord* next_unread();
  // Settles that record as expired. next_unread() was not nullptr.
  void expire_unread();

  // Whether it could be made durable.
  bool sync();
  [[nodiscard]] bool to_let_go() const { return drained_ && journal_.caught_up(); }
  // Stops notifications and hands the callback out.
  std::function<void()> let_go();

 private:
  // Fills next_, telling damage; false at the end or after a failure.
  Result<bool> fetch();

  JournalLane& journal_;
  const std::function<void()> drained_;
  LaneReport& report_;
  Batcher batcher_;
  std::optional<JournalRecord> next_;  // read, in no batch yet
  bool at_end_ = false;
  uint32_t failures_ = 0;
  Tick read_again_{};
};

}  // namespace dualtrace::agent
