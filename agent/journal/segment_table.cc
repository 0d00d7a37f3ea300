// SPDX-License-Identifier: Apache-2.0
#include "agent/journal/segment_table.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {

SegmentTable::SegmentTable(std::deque<Segment> segments, JournalTotals published,
                           std::vector<uint64_t> durable)
    : segments_(std::move(segments)), published_(published), durable_(std::move(durable)) {
  for (Segment& segment : segments_) segment.bytes_to = bytes_to_ += segment.bytes;
}

void SegmentTable::begin(uint64_t number, uint64_t bytes) {
  Lock lock(mutex_);
  segments_.push_back({.number = number,
                       .bytes = bytes,
                       .bytes_to = bytes_to_ += bytes,
                       .base = published_,
                       .readable_to = kSegmentHeaderBytes});
  writing_ = true;
}

void SegmentTable::publish(JournalTotals published, uint64_t readable_to) {
  Lock lock(mutex_);
  DT_CHECK(writing_);
  published_ = published;
  segments_.back().readable_to = readable_to;
}

void SegmentTable::seal() {
  Lock lock(mutex_);
  writing_ = false;
}

bool SegmentTable::discard_empty(uint64_t number) {
  Lock lock(mutex_);
  if (segments_.empty() || segments_.back().number != number) return false;
  if (segments_.back().base.records != published_.records) return false;
  bytes_to_ -= segments_.back().bytes;
  segments_.pop_back();
  writing_ = false;
  return true;
}

std::vector<Segment> SegmentTable::take_passed() {
  Lock lock(mutex_);
  std::vector<Segment> passed;
  while (front_passed()) {
    passed.push_back(segments_.front());
    segments_.pop_front();
  }
  return passed;
}

bool SegmentTable::all_passed() const {
  Lock lock(mutex_);
  return all_durable_at(published_.records);
}

// A segment with a damaged header has its successor's base, and is therefore never the last one
// with that base; neither is an abandoned segment that stayed empty.
std::optional<SegmentTable::View> SegmentTable::find(uint64_t sequence) const {
  Lock lock(mutex_);
  if (sequence >= published_.records) return std::nullopt;
  const auto behind = std::upper_bound(
      segments_.begin(), segments_.end(), sequence,
      [](uint64_t wanted, const Segment& segment) { return wanted < segment.base.records; });
  if (behind == segments_.begin()) {
    // The file that held it is gone: the base of what follows shows how much is lost.
    return View{.segment = {.number = 0, .readable = false},
                .limit = segments_.empty() ? published_ : segments_.front().base};
  }
  const size_t index = static_cast<size_t>(behind - segments_.begin()) - 1;
  const bool last = index + 1 == segments_.size();
  return View{.segment = segments_[index],
              .limit = limit_of(index),
              .next_unreadable = !last && !segments_[index + 1].readable};
}

void SegmentTable::mark_damaged(uint64_t number) {
  Lock lock(mutex_);
  for (Segment& segment : segments_) {
    if (segment.number == number) segment.damaged = true;
  }
}

bool SegmentTable::set_durable(size_t lane, uint64_t watermark) {
  Lock lock(mutex_);
  durable_[lane] = watermark;
  return front_passed();
}

JournalTotals SegmentTable::published() const {
  Lock lock(mutex_);
  return published_;
}

uint64_t SegmentTable::bytes_from(uint64_t sequence, Position position) const {
  Lock lock(mutex_);
  if (sequence >= published_.records || segments_.empty()) return 0;
  const auto behind = std::upper_bound(
      segments_.begin(), segments_.end(), sequence,
      [](uint64_t wanted, const Segment& segment) { return wanted < segment.base.records; });
  const Segment& first = behind == segments_.begin() ? segments_.front() : *std::prev(behind);
  const Segment& last = segments_.back();
  const uint64_t until_first = first.bytes_to - first.bytes;
  if (!writing_) return last.bytes_to - until_first;
  const bool in_last = &first == &last && position.segment == last.number;
  const uint64_t written = last.readable_to - (in_last ? position.offset : kSegmentHeaderBytes);
  return last.bytes_to - last.bytes - until_first + written;
}

uint64_t SegmentTable::bytes_between(uint64_t first, uint64_t end) const {
  Lock lock(mutex_);
  uint64_t sum = 0;
  const size_t sealed = segments_.size() - (writing_ ? 1 : 0);
  for (size_t i = 0; i < sealed && limit_of(i).records <= end; ++i) {
    if (limit_of(i).records > first) sum += segments_[i].bytes;
  }
  return sum;
}

uint64_t SegmentTable::size() const {
  Lock lock(mutex_);
  return segments_.size();
}

uint64_t SegmentTable::bytes() const {
  Lock lock(mutex_);
  uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.bytes;
  return sum;
}

JournalTotals SegmentTable::limit_of(size_t index) const {
  return index + 1 < segments_.size() ? segments_[index + 1].base : published_;
}

bool SegmentTable::front_passed() const {
  if (segments_.empty() || (writing_ && segments_.size() == 1)) return false;
  return all_durable_at(limit_of(0).records);
}

bool SegmentTable::all_durable_at(uint64_t end) const {
  return std::all_of(durable_.begin(), durable_.end(),
                     [end](uint64_t watermark) { return watermark >= end; });
}

}  // namespace dualtrace::agent
