#pragma once
// Batcher: merges records of one journal into batches by bytes and age. A batch also ends where the
// journal's bytes cross a multiple of the target: so lanes that were out of step (one lingered, the
// other did not) come to the same batches again, and share them (shared_bodies.h). Merging is
// concatenation of payloads; a record above the largest batch is cut at span borders, and a span
// above it goes alone. Pure: it has no clock, no thread and does not send. Used by source.h, from
// one thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/lane/batch.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct BatchLimits {
  size_t bytes_target = 0;  // sealed as soon as it holds that much
  size_t bytes_max = 0;     // never more, but for a single larger span

  // Of the journal's payload bytes: where the batch ends that byte `at` belongs to.
  [[nodiscard]] uint64_t batch_end(uint64_t at) const {
    return (at / bytes_target + 1) * bytes_target;
  }
};

class Batcher {
 public:
  explicit Batcher(Duration linger) : linger_(linger) {}

  // Returns the batches that are sealed by this record, oldest first: none, one or (when the record
  // is cut) many.
  std::vector<Batch> add(const std::shared_ptr<OpenRecord>& record, const SharedBytes& payload,
                         const BatchLimits& limits, Tick now);
  // When the open batch has lingered long enough; nullopt when there is none.
  [[nodiscard]] std::optional<Tick> due_at() const;
  [[nodiscard]] bool due(Tick now) const;
  // The open batch, whatever its size.
  std::optional<Batch> seal();
  [[nodiscard]] size_t open_bytes() const { return body_.size(); }

 private:
  void append(Piece piece, SharedBytes payload, const BatchLimits& limits, Tick now,
              std::vector<Batch>& sealed);

  const Duration linger_;
  SharedByteChain body_;
  std::vector<Piece> pieces_;  // empty: no batch is open
  uint32_t spans_ = 0;
  Tick opened_{};
};

}  // namespace dualtrace::agent
