// SPDX-License-Identifier: Apache-2.0
#pragma once
// Source: one journal as the lane sees it: reads forward into a batcher, sleeps until something is
// worth reading, expires what is unread, syncs regularly, and is released when drained (adopted
// journals). Used from one thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "agent/journal/journal.h"
#include "agent/lane/batcher.h"
#include "agent/lane/lane_report.h"
#include "common/random/random.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class Source {
 public:
  // Begins at the first record that is not settled. `drained` is empty for the process's own
  // journal. The references outlive the source.
  Source(Journal& whole, JournalLane& journal, Linger linger, std::function<void()> drained,
         LaneReport& report);
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  [[nodiscard]] JournalLane& journal() const { return journal_; }
  [[nodiscard]] bool is_adopted() const { return static_cast<bool>(drained_); }

  // `wake` is called from the journal's scheduler when something worth reading is published: any
  // record if no batch is open, otherwise enough to end the open batch. It is not called again
  // until the source has read to the end. It may outlive the source.
  void on_worth_reading(std::function<void()> wake);
  // Call when something may have been published.
  void wake();
  // Makes every record worth reading at once.
  void hurry();
  // Whether more can be read now.
  [[nodiscard]] bool readable(Tick now) const {
    return batcher_.cutting() || (!at_end_ && now >= read_again_);
  }
  // Reads until a batch is sealed, or the journal ends or fails. Returns the sealed batches.
  std::vector<Batch> read(const BatchLimits& limits, const Backoff& backoff, Tick now,
                          Random& random);

  // If the open batch has lingered, continues reading before it is sealed.
  void wake_if_due(Tick now);
  // The open batch if it has lingered. While there is more to read, a batch does not linger but is
  // filled.
  std::optional<Batch> seal_due(Tick now);
  std::optional<Batch> seal();
  // The bytes that count against the lane's limit in addition to its batches: those of the open
  // batch, and the overhead of unsettled records if there are many.
  [[nodiscard]] size_t open_bytes() const;
  // When to read again without being woken.
  [[nodiscard]] std::optional<Tick> due_at(Tick now) const;

  // The oldest record that is not in a batch yet, or nullptr (at the end, after a failure, or while
  // a record is being cut: the rest of it is soon in batches).
  [[nodiscard]] const JournalRecord* next_unread();
  // Settles that record as expired. Call only if next_unread() was not nullptr.
  void expire_unread();

  // Whether everything published has been read and handed out.
  [[nodiscard]] bool exhausted() const { return at_end_ && !next_ && batcher_.empty(); }

  // Returns whether the cursor could be made durable.
  bool sync();
  [[nodiscard]] bool to_let_go() const { return drained_ && journal_.caught_up(); }
  // Stops notifications and returns the callback.
  std::function<void()> let_go();

 private:
  // Fills next_, reporting damage; false at the end or after a failure.
  Result<bool> fetch();
  // Call after reading everything that was published before the last read. False if something worth
  // reading has been published since.
  bool rest_until(uint64_t published_bytes);

  std::shared_ptr<OpenRecord> open(const JournalRecord& record);

  Journal& whole_;
  JournalLane& journal_;
  const std::function<void()> drained_;
  LaneReport& report_;
  // The number of its open records, which may outlive the source.
  const std::shared_ptr<size_t> open_records_ = std::make_shared<size_t>(0);
  Batcher batcher_;
  std::optional<JournalRecord> next_;  // read, but not yet in a batch
  // The number of published bytes at which the journal's notification wakes the lane; shared with
  // it.
  const std::shared_ptr<std::atomic<uint64_t>> wake_at_;
  uint64_t read_to_ = 0;  // what was published before the last read
  bool at_end_ = false;   // asleep
  bool hurried_ = false;
  uint32_t failures_ = 0;
  Tick read_again_{};
};

}  // namespace dualtrace::agent
