// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/batch.h"

#include <algorithm>

#include "agent/otlp/split.h"
#include "common/error/check.h"

namespace dualtrace::agent {
namespace {

// The first `spans` spans of `pieces`, removed from its front.
std::vector<Piece> take_front(std::vector<Piece>& pieces, uint32_t spans) {
  std::vector<Piece> front;
  size_t whole = 0;
  while (spans > 0) {
    DT_CHECK(whole < pieces.size());
    Piece& piece = pieces[whole];
    const uint32_t taken = std::min(spans, piece.spans);
    front.push_back({piece.record, taken, 0});
    piece.spans -= taken;
    spans -= taken;
    if (piece.spans == 0) ++whole;
  }
  pieces.erase(pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(whole));
  return front;
}

Batch half_of(const Batch& parent, Part part, std::vector<Piece> pieces, uint64_t offset) {
  Batch half;
  half.body = std::make_shared<const RequestBody>(std::move(part.request));
  half.spans = part.spans;
  half.pieces = std::move(pieces);
  half.halved = true;
  half.place = {parent.place.number, parent.place.offset + offset};
  half.history = history_of_half(parent.history, part.spans);
  half.refusal = parent.refusal;
  return half;
}

}  // namespace

void account(OpenRecord& record, const SpanCounts& counts) {
  record.counts += counts;
  DT_CHECK(record.counts.sum() <= record.spans);
  if (record.counts.sum() == record.spans) record.journal->settle(record.sequence, record.counts);
}

void account_all(const Batch& batch, uint64_t SpanCounts::*word) {
  for (const Piece& piece : batch.pieces) {
    SpanCounts counts;
    counts.*word = piece.spans;
    account(*piece.record, counts);
  }
}

void account_delivered(const Batch& batch, uint64_t rejected) {
  for (const Piece& piece : batch.pieces) {
    SpanCounts counts;
    counts.rejected = std::min<uint64_t>(rejected, piece.spans);
    counts.delivered = piece.spans - counts.rejected;
    rejected -= counts.rejected;
    account(*piece.record, counts);
  }
}

uint64_t drop_front(Batch& batch, uint64_t SpanCounts::*word,
                    const std::function<bool(const Piece&)>& wanted) {
  uint64_t spans = 0;
  size_t bytes = 0;
  size_t count = 0;
  for (const Piece& piece : batch.pieces) {
    const bool goes_with_the_first = batch.halved && count > 0;
    if (!goes_with_the_first && !wanted(piece)) break;
    SpanCounts counts;
    counts.*word = piece.spans;
    account(*piece.record, counts);
    spans += piece.spans;
    bytes += piece.bytes;
    ++count;
  }
  if (count == 0) return 0;
  batch.pieces.erase(batch.pieces.begin(),
                     batch.pieces.begin() + static_cast<std::ptrdiff_t>(count));
  batch.spans -= static_cast<uint32_t>(spans);
  batch.history.spans = batch.spans;
  batch.body = std::make_shared<const RequestBody>(
      batch.spans == 0 ? std::string() : batch.body->plain().joined().substr(bytes));
  return spans;
}

Result<std::pair<Batch, Batch>> halve(const Batch& batch) {
  DT_CHECK(batch.spans >= 2);
  auto parts = split_in_half(batch.body->plain().joined());
  if (!parts) return fail(parts.error());
  auto& [first, second] = *parts;
  if (first.spans + second.spans != batch.spans) {
    return fail(ErrorKind::kCorrupt,
                "the number of spans in the batch differs from that of its records");
  }
  std::vector<Piece> pieces = batch.pieces;
  std::vector<Piece> front = take_front(pieces, first.spans);
  const uint64_t offset = first.spans;
  Batch a = half_of(batch, std::move(first), std::move(front), 0);
  Batch b = half_of(batch, std::move(second), std::move(pieces), offset);
  return std::pair(std::move(a), std::move(b));
}

std::vector<Batch> dissolve(const Batch& batch) {
  std::vector<Batch> parts;
  uint64_t offset = batch.place.offset;
  for (const Piece& piece : batch.pieces) {
    Batch& part = parts.emplace_back(batch);
    part.body = nullptr;
    part.pieces = {piece};
    part.spans = piece.spans;
    part.history.spans = piece.spans;
    part.place.offset = offset;
    offset += piece.spans;
  }
  return parts;
}

Result<Apart> take_apart(const Batch& batch, const std::vector<uint32_t>& ordinals) {
  auto separated = separate(batch.body->plain().joined(), ordinals);
  if (!separated) return fail(separated.error());
  if (separated->kept_spans + separated->taken_spans != batch.spans) {
    return fail(ErrorKind::kCorrupt,
                "the number of spans in the batch differs from that of its records");
  }
  std::vector<Piece> taken;
  std::vector<Piece> kept;
  uint64_t first = 0;  // ordinal of the piece's first span
  auto next = ordinals.begin();
  for (const Piece& piece : batch.pieces) {
    const auto end = std::lower_bound(next, ordinals.end(), first + piece.spans);
    const auto taken_here = static_cast<uint32_t>(end - next);
    if (taken_here > 0) taken.push_back({piece.record, taken_here, 0});
    if (taken_here < piece.spans) kept.push_back({piece.record, piece.spans - taken_here, 0});
    first += piece.spans;
    next = end;
  }
  const uint64_t kept_spans = separated->kept_spans;
  return Apart{.taken = half_of(batch, {std::move(separated->taken), separated->taken_spans},
                                std::move(taken), kept_spans),
               .kept = half_of(batch, {std::move(separated->kept), separated->kept_spans},
                               std::move(kept), 0)};
}

}  // namespace dualtrace::agent
