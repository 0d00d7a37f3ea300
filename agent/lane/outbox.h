#pragma once
// Outbox: the batches that wait to be sent, oldest first. A batch that comes back, and the halves
// of one, take their old place. Used from one thread.

#include <cstdint>
#include <map>
#include <optional>

#include "agent/lane/batch.h"

namespace dualtrace::agent {

class Outbox {
 public:
  // A batch fresh from the batcher: it gets the last place.
  void push_new(Batch batch);
  // One that has a place already.
  void put_back(Batch batch);

  // The oldest that is not parked.
  std::optional<Batch> take_first(Tick now);
  // The one to probe with: the oldest; but while its last failure is suspected to be its own fault,
  // the one that was not tried for the longest time, so that the lane learns whose fault it is.
  std::optional<Batch> take_probe(Tick now);

  // The oldest batch of that journal, or nullptr. Call shrunk() after taking spans off it.
  [[nodiscard]] Batch* oldest_of(const JournalLane& journal);
  // `batch` came from oldest_of() and had `bytes_before`; it is removed if nothing is left in it.
  void shrunk(const Batch& batch, size_t bytes_before);

  [[nodiscard]] bool empty() const { return batches_.empty(); }
  [[nodiscard]] size_t bytes() const { return bytes_; }
  // When the next parked batch may go; nullopt when one may go now or none waits.
  [[nodiscard]] std::optional<Tick> parked_until(Tick now) const;

 private:
  using Batches = std::map<BatchPlace, Batch>;
  std::optional<Batch> take(Batches::iterator which);

  Batches batches_;
  size_t bytes_ = 0;
  uint64_t last_number_ = 0;
};

}  // namespace dualtrace::agent
