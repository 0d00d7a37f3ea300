// SPDX-License-Identifier: Apache-2.0
#pragma once
// Batcher: merges records of one journal into batches by bytes and age. A batch also ends where the
// journal's bytes cross a multiple of the target. Lanes that were out of step (one lingered, the
// other did not) therefore build the same batches again and share them (shared_bodies.h). Merging
// concatenates payloads. A record above the largest batch is cut at span boundaries, one batch at a
// time; a span above it is sent alone. Pure: it has no clock and no thread, and does not send. Used
// by source.h, from one thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/lane/batch.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

struct BatchLimits {
  size_t bytes_target = 0;  // sealed as soon as it holds this much
  size_t bytes_max = 0;     // never more, except for a single larger span

  // The end of the batch that contains byte `at`, in the journal's payload bytes.
  [[nodiscard]] uint64_t batch_end(uint64_t at) const {
    return (at / bytes_target + 1) * bytes_target;
  }
};

// How long an open batch waits to fill up. A request to a destination costs about the same no
// matter how little it contains, so batches that follow one another may wait longer than one after
// a pause.
struct Linger {
  Duration first{};   // of a batch after a pause
  Duration steady{};  // of one that follows another within twice that time
};

class Batcher {
 public:
  explicit Batcher(Linger linger);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Returns the batches that this record seals, oldest first: none, one or two. Call only if
  // !cutting().
  std::vector<Batch> add(const std::shared_ptr<OpenRecord>& record, const SharedBytes& payload,
                         const BatchLimits& limits, Tick now);
  // Whether an added record is being cut and some of its spans are not in a batch yet. Its payload
  // is held until go_on() has put all of them into batches. At any time, a large record costs only
  // the memory for itself and the batches just made from it.
  [[nodiscard]] bool cutting() const { return cut_ != nullptr; }
  // Like add(), for the next parts of that record. Call only if cutting().
  std::vector<Batch> go_on(const BatchLimits& limits, Tick now);
  // When the open batch has lingered long enough; nullopt if there is none.
  [[nodiscard]] std::optional<Tick> due_at() const;
  [[nodiscard]] bool due(Tick now) const;
  // The open batch, whatever its size; nullopt if there is none.
  std::optional<Batch> seal();
  [[nodiscard]] size_t open_bytes() const { return body_.size(); }
  [[nodiscard]] bool empty() const { return pieces_.empty() && !cutting(); }

 private:
  struct Cut;
  void seal_at_batch_end(const OpenRecord& record, const BatchLimits& limits,
                         std::vector<Batch>& sealed);
  void append(Piece piece, SharedBytes payload, const BatchLimits& limits, Tick now,
              std::vector<Batch>& sealed);

  const Linger linger_;
  SharedByteChain body_;
  std::vector<Piece> pieces_;  // empty: no batch is open
  uint32_t spans_ = 0;
  std::optional<Tick> opened_;  // of the open batch, or the last one
  bool steady_ = false;         // the open batch follows another
  std::unique_ptr<Cut> cut_;
};

}  // namespace dualtrace::agent
