#include "agent/lane/batcher.h"

#include <numeric>
#include <utility>

#include "agent/otlp/split.h"

namespace dualtrace::agent {
namespace {

// The record's parts when it is above the limit. None when it is not, or cannot be cut (the walk at
// the front door should have refused it): then it goes as it is, and the destination decides.
std::vector<Part> parts_of(const OpenRecord& record, std::string_view payload, size_t bytes_max) {
  if (payload.size() <= bytes_max || record.spans <= 1) return {};
  auto parts = split_by_bytes(payload, bytes_max);
  const auto spans_of = [](uint64_t sum, const Part& part) { return sum + part.spans; };
  if (!parts ||
      std::accumulate(parts->begin(), parts->end(), uint64_t{0}, spans_of) != record.spans) {
    return {};
  }
  return *std::move(parts);
}

}  // namespace

std::vector<Batch> Batcher::add(const std::shared_ptr<OpenRecord>& record,
                                const SharedBytes& payload, const BatchLimits& limits, Tick now) {
  std::vector<Batch> sealed;
  std::vector<Part> parts = parts_of(*record, payload, limits.bytes_max);
  if (parts.empty()) {
    append({record, record->spans, payload.size()}, payload, limits, now, sealed);
  }
  for (Part& part : parts) {
    const Piece piece{record, part.spans, part.request.size()};
    append(piece, std::move(part.request), limits, now, sealed);
  }
  const bool at_batch_end =
      record->bytes_before + record->bytes >= limits.batch_end(record->bytes_before);
  if (at_batch_end && !pieces_.empty()) sealed.push_back(*seal());
  return sealed;
}

void Batcher::append(Piece piece, SharedBytes payload, const BatchLimits& limits, Tick now,
                     std::vector<Batch>& sealed) {
  if (!pieces_.empty() && body_.size() + payload.size() > limits.bytes_max) {
    sealed.push_back(*seal());
  }
  if (pieces_.empty()) opened_ = now;
  body_.append(std::move(payload));
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
  batch.body = std::make_shared<const RequestBody>(std::exchange(body_, {}));
  batch.spans = std::exchange(spans_, 0);
  batch.pieces = std::exchange(pieces_, {});
  batch.history.spans = batch.spans;
  return batch;
}

}  // namespace dualtrace::agent
