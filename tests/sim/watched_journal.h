// SPDX-License-Identifier: Apache-2.0
#pragma once
// WatchedJournal: a Journal and its lanes, observed by the witness. It sometimes carries a
// record over before its lane has seen it. Used from one thread.

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "agent/journal/journal.h"
#include "common/random/random.h"
#include "tests/sim/witness.h"

namespace dualtrace::agent::sim {

class WatchedJournal final : public Journal {
 public:
  // For an agent in its run `life`; `lanes` says which of kLaneNames the journal has. The
  // destructor calls `closed`.
  WatchedJournal(std::unique_ptr<Journal> journal, Witness& witness, const std::string& folder,
                 uint32_t life, Durability durability, const std::array<bool, kLanes>& lanes,
                 Random& random, std::function<void()> closed);
  ~WatchedJournal() override;

  // The payload is that of the witness's request.
  void append(uint32_t request, std::string payload, std::function<void(const Status&)> stored);
  // Compares the lane's current books with the witness's. Returns 0 if the lane is not configured.
  uint64_t check_lane(size_t lane);
  // Everything is settled by every lane.
  [[nodiscard]] bool caught_up() const;

  void append(std::string payload, uint32_t spans, Stored done) override;
  [[nodiscard]] Totals totals() const override;
  [[nodiscard]] Health health() const override { return journal_->health(); }
  void allow_segments(uint64_t segments_max) override { journal_->allow_segments(segments_max); }
  void keep_free(DiskShare min_free) override { journal_->keep_free(min_free); }
  void give_back(std::function<void()> done) override { journal_->give_back(std::move(done)); }
  JournalLane& lane(const std::string& name) override;

 private:
  class WatchedLane;

  const std::unique_ptr<Journal> journal_;
  uint64_t put_back_ = 0;  // records that a lane gets late because the carry-over failed
  Witness& witness_;
  const uint32_t number_;
  const uint32_t life_;
  const std::function<void()> closed_;
  std::array<std::unique_ptr<WatchedLane>, kLanes> lanes_;
};

}  // namespace dualtrace::agent::sim
