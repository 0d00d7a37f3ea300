// SPDX-License-Identifier: Apache-2.0
#pragma once
// Outbox: the batches that wait to be sent. Most wait in line, oldest first. Suspects, which fail
// while others pass, wait beside the line, each until its own time, so they delay nothing else. A
// batch that is put back returns to its old place, as do the halves of one. Used from one thread.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "agent/lane/batch.h"

namespace dualtrace::agent {

class Outbox {
 public:
  // Adds a batch that the batcher has just made, at the end of the line.
  void push_new(Batch batch);
  // Puts a batch back in its place. A suspect waits until its `not_before`.
  void put_back(Batch batch);

  // The oldest in line.
  std::optional<Batch> take_first();
  // The suspect that is most overdue; nullopt if none is due.
  std::optional<Batch> take_suspect(Tick now);
  // The batch in line, or the due suspect, that has not been tried for the longest time. Among
  // batches in line that were never tried, the newest: it is the least similar to those that
  // failed.
  std::optional<Batch> take_least_tried();
  std::optional<Batch> take_least_tried_suspect(Tick now);

  // Call when request `number` was delivered, or when the destination may have changed: suspects
  // that wait for this become due.
  void release_refused(uint64_t number, Tick now);
  void release_all(Tick now);

  // The suspect that has to wait longest among those in memory for which `wanted` returns true.
  std::optional<Batch> take_latest(const std::function<bool(const Batch&)>& wanted);
  // All batches of that record, if they contain nothing else; none of them otherwise.
  std::vector<Batch> take_all_of(const JournalLane& journal, uint64_t sequence);

  // The batch of that journal that holds the oldest record; a suspect of it that arrived before
  // `time`, wherever its record is now; or nullptr. Call shrunk() after removing spans.
  [[nodiscard]] Batch* oldest_of(const JournalLane& journal);
  [[nodiscard]] Batch* suspect_from_before(const JournalLane& journal, WallTime time);
  // `batch` is one of these and had `bytes_before`. Removes it if nothing is left in it.
  void shrunk(const Batch& batch, size_t bytes_before);

  [[nodiscard]] bool empty() const { return line_.empty() && suspects_.empty(); }
  [[nodiscard]] bool line_empty() const { return line_.empty(); }
  [[nodiscard]] bool something_ready(Tick now) const;
  [[nodiscard]] size_t line_bytes() const { return line_bytes_; }
  [[nodiscard]] size_t suspect_bytes() const { return suspect_bytes_; }
  [[nodiscard]] size_t suspects() const { return suspects_.size(); }
  // When the next suspect becomes due, not counting those that are due already.
  [[nodiscard]] std::optional<Tick> next_suspect_at(Tick now) const;

 private:
  using Line = std::map<BatchPlace, Batch>;
  using Suspects = std::map<std::pair<Tick, BatchPlace>, Batch>;
  Batch take(Line::iterator which);
  Batch take(Suspects::iterator which);

  Line line_;
  Suspects suspects_;
  size_t line_bytes_ = 0;
  size_t suspect_bytes_ = 0;
  size_t awaiting_contrast_ = 0;  // suspects with Batch::awaits_contrast
  uint64_t last_number_ = 0;
};

}  // namespace dualtrace::agent
