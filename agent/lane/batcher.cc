#include "agent/lane/batcher.h"

#include <numeric>
#include <utility>

#include "agent/otlp/split.h"

namespace dualtrace::agent {
namespace {

// The record's payload, cut where it is above the limit. A payload that cannot be cut (the walk at
// the front door should have refused it) goes as it is, and the destination decides.
std::vector<Part> parts_of(const OpenRecord& record, std::string payload, size_t bytes_max) {
  if (payload.size() > bytes_max && record.spans > 1) {
    auto parts = split_by_bytes(payload, bytes_max);
    const auto spans_of = [](uint64_t sum, const Part& part) { return sum + part.spans; };
    if (parts &&
        std::accumulate(parts->begin(), parts->end(), uint64_t{0}, spans_of) == record.spans) {
      return *std::move(parts);
    }
  }
  std::vector<Part> whole;
  whole.push_back({std::move(payload), record.spans});
  return whole;
}

}  // namespace

std::vector<Batch> Batcher::add(const std::shared_ptr<OpenRecord>& record, std::string payload,
                                const BatchLimits& limits, Tick now) {
  std::vector<Batch> sealed;
  for (Part& part : parts_of(*record, std::move(payload), limits.bytes_max)) {
    const Piece piece{record, part.spans, part.request.size()};
    append(piece, std::move(part.request), limits, now, sealed);
  }
  return sealed;
}

void Batcher::append(Piece piece, std::string payload, const BatchLimits& limits, Tick now,
                     std::vector<Batch>& sealed) {
  if (!pieces_.empty() && body_.size() + payload.size() > limits.bytes_max) {
    sealed.push_back(*seal());
  }
  if (pieces_.empty()) {
    opened_ = now;
    body_ = std::move(payload);
  } else {
    body_ += payload;
  }
  spans_ += piece.spans;
  pieces_.push_back(std::move(piece));
  if (body_.size() >= limits.bytes_target) sealed.push_back(*seal());
}

std::optional<Tick> Batcher::due_at() const {
  if (pieces_.empty()) return std::nullopt;
  return opened_ + linger_;
}

bool Batcher::due(Tick now) const { return !pieces_.empty() && opened_ + linger_ <= now; }

std::optional<Batch> Batcher::seal() {
  if (pieces_.empty()) return std::nullopt;
  Batch batch;
  batch.body = std::make_shared<const std::string>(std::exchange(body_, {}));
  batch.spans = std::exchange(spans_, 0);
  batch.pieces = std::exchange(pieces_, {});
  batch.history.spans = batch.spans;
  return batch;
}

}  // namespace dualtrace::agent
