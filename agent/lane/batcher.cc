// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/batcher.h"

#include <utility>

#include "agent/otlp/split.h"
#include "agent/otlp/walk.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

// Whether the record is above the limit and can be cut. One that cannot be cut (the walk on receipt
// should have refused it) is sent as it is, and the destination decides.
bool to_cut(const OpenRecord& record, std::string_view payload, size_t bytes_max) {
  if (payload.size() <= bytes_max || record.spans <= 1) return false;
  const Result<WalkSummary> summary = walk(payload);
  return summary && summary->spans == record.spans;
}

}  // namespace

struct Batcher::Cut {
  Cut(std::shared_ptr<OpenRecord> open, SharedBytes bytes)
      : record(std::move(open)), payload(std::move(bytes)), parts(payload.view()) {}

  const std::shared_ptr<OpenRecord> record;
  const SharedBytes payload;
  PartCursor parts;
  uint32_t spans = 0;  // in batches
};

Batcher::Batcher(Linger linger) : linger_(linger) {}
Batcher::~Batcher() = default;

std::vector<Batch> Batcher::add(const std::shared_ptr<OpenRecord>& record,
                                const SharedBytes& payload, const BatchLimits& limits, Tick now) {
  DT_CHECK(!cutting());
  if (to_cut(*record, payload, limits.bytes_max)) {
    cut_ = std::make_unique<Cut>(record, payload);
    return go_on(limits, now);
  }
  std::vector<Batch> sealed;
  append({record, record->spans, payload.size()}, payload, limits, now, sealed);
  seal_at_batch_end(*record, limits, sealed);
  return sealed;
}

std::vector<Batch> Batcher::go_on(const BatchLimits& limits, Tick now) {
  DT_CHECK(cutting());
  std::vector<Batch> sealed;
  while (sealed.empty() && cutting()) {
    Result<std::optional<Part>> part = cut_->parts.next(limits.bytes_max);
    DT_CHECK(part && *part);  // the walk has counted them
    cut_->spans += (*part)->spans;
    const Piece piece{cut_->record, (*part)->spans, (*part)->request.size()};
    append(piece, std::move((*part)->request), limits, now, sealed);
    if (cut_->spans < piece.record->spans) continue;
    cut_.reset();
    seal_at_batch_end(*piece.record, limits, sealed);
  }
  return sealed;
}

void Batcher::seal_at_batch_end(const OpenRecord& record, const BatchLimits& limits,
                                std::vector<Batch>& sealed) {
  const bool at_end = record.bytes_before + record.bytes >= limits.batch_end(record.bytes_before);
  if (at_end && !pieces_.empty()) sealed.push_back(*seal());
}

void Batcher::append(Piece piece, SharedBytes payload, const BatchLimits& limits, Tick now,
                     std::vector<Batch>& sealed) {
  if (!pieces_.empty() && body_.size() + payload.size() > limits.bytes_max) {
    sealed.push_back(*seal());
  }
  if (pieces_.empty()) {
    steady_ = opened_ && now - *opened_ < 2 * linger_.steady;
    opened_ = now;
  }
  body_.append(std::move(payload));
  spans_ += piece.spans;
  pieces_.push_back(std::move(piece));
  if (body_.size() >= limits.bytes_target) sealed.push_back(*seal());
}

std::optional<Tick> Batcher::due_at() const {
  if (pieces_.empty()) return std::nullopt;
  return *opened_ + (steady_ ? linger_.steady : linger_.first);
}

bool Batcher::due(Tick now) const {
  const auto when = due_at();
  return when && *when <= now;
}

std::optional<Batch> Batcher::seal() {
  if (pieces_.empty()) return std::nullopt;
  Batch batch;
  batch.body = std::make_shared<const RequestBody>(std::exchange(body_, {}));
  batch.spans = std::exchange(spans_, 0);
  batch.pieces = std::exchange(pieces_, {});
  batch.history.spans = batch.spans;
  return batch;
}

}  // namespace dualtrace::agent
