// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/source.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace dualtrace::agent {

namespace {

constexpr uint64_t kAwake = std::numeric_limits<uint64_t>::max();

// The cost of a record in addition to its bytes: the object, its piece of a batch, its payload's
// owners, and the allocator's overhead. A total of up to kUncountedBytes is not worth counting.
constexpr size_t kOpenRecordBytes = 320;
constexpr size_t kUncountedBytes = 4 * 1024 * 1024;

}  // namespace

Source::Source(Journal& whole, JournalLane& journal, Linger linger, std::function<void()> drained,
               LaneReport& report)
    : whole_(whole),
      journal_(journal),
      drained_(std::move(drained)),
      report_(report),
      batcher_(linger),
      wake_at_(std::make_shared<std::atomic<uint64_t>>(kAwake)) {
  journal_.rewind();
}

void Source::on_worth_reading(std::function<void()> wake) {
  journal_.on_published([&whole = whole_, wake_at = wake_at_, wake = std::move(wake)] {
    uint64_t wanted = wake_at->load();
    if (whole.totals().bytes < wanted || !wake_at->compare_exchange_strong(wanted, kAwake)) return;
    wake();
  });
}

void Source::wake() {
  wake_at_->store(kAwake);
  at_end_ = false;
}

void Source::hurry() {
  hurried_ = true;
  wake();
}

// A publication between the last read and this store either sees the store or is seen by the check.
bool Source::rest_until(uint64_t published_bytes) {
  wake_at_->store(published_bytes);
  return whole_.totals().bytes < published_bytes;
}

Result<bool> Source::fetch() {
  while (!next_) {
    auto read = journal_.read();
    if (!read) return fail(read.error());
    if (std::holds_alternative<JournalEnd>(*read)) return false;
    if (const auto* damage = std::get_if<JournalDamage>(&*read)) {
      report_.damaged(*damage);
    } else {
      next_ = std::get<JournalRecord>(*std::move(read));
    }
  }
  return true;
}

std::vector<Batch> Source::read(const BatchLimits& limits, const Backoff& backoff, Tick now,
                                Random& random) {
  std::vector<Batch> sealed;
  while (sealed.empty()) {
    if (batcher_.cutting()) {
      sealed = batcher_.go_on(limits, now);
      continue;
    }
    read_to_ = whole_.totals().bytes;
    const auto more = fetch();
    if (!more) {
      report_.journal_failed(more.error());
      read_again_ = now + backoff.delay(++failures_, random);
      break;
    }
    failures_ = 0;
    if (!*more) {
      const bool fills = batcher_.open_bytes() > 0 && !hurried_;
      at_end_ = rest_until(fills ? limits.batch_end(read_to_) : read_to_ + 1);
      if (at_end_) break;
      continue;
    }
    JournalRecord record = *std::exchange(next_, std::nullopt);
    if (record.spans == 0) {
      journal_.settle(record.sequence, {});
      continue;
    }
    auto shared = open(record);
    if (record.carried_for) {
      // It failed while others passed, so it is sent alone and does not end the open batch.
      Batcher alone{Linger{}};
      sealed = alone.add(shared, record.payload, limits, now);
      while (alone.cutting()) {
        auto parts = alone.go_on(limits, now);
        std::move(parts.begin(), parts.end(), std::back_inserter(sealed));
      }
      if (auto rest = alone.seal()) sealed.push_back(*std::move(rest));
      continue;
    }
    sealed = batcher_.add(shared, record.payload, limits, now);
  }
  return sealed;
}

std::shared_ptr<OpenRecord> Source::open(const JournalRecord& record) {
  ++*open_records_;
  auto* const open = new OpenRecord{record, &journal_};
  return {open, [count = open_records_](const OpenRecord* closed) {
            --*count;
            delete closed;
          }};
}

size_t Source::open_bytes() const {
  const size_t records = *open_records_ * kOpenRecordBytes;
  return batcher_.open_bytes() + records - std::min(records, kUncountedBytes);
}

void Source::wake_if_due(Tick now) {
  if (batcher_.due(now)) wake();
}

std::optional<Batch> Source::seal_due(Tick now) {
  if (!batcher_.due(now) || readable(now)) return std::nullopt;
  return seal();
}

std::optional<Batch> Source::seal() {
  auto batch = batcher_.seal();
  if (batch && at_end_) at_end_ = rest_until(read_to_ + 1);
  return batch;
}

std::optional<Tick> Source::due_at(Tick now) const {
  if (!at_end_ && read_again_ > now) {
    return std::min(read_again_, batcher_.due_at().value_or(read_again_));
  }
  return at_end_ ? batcher_.due_at() : std::nullopt;
}

const JournalRecord* Source::next_unread() {
  if (batcher_.cutting()) return nullptr;
  const auto more = fetch();
  if (!more) report_.journal_failed(more.error());
  return next_ ? &*next_ : nullptr;
}

void Source::expire_unread() {
  SpanCounts counts;
  counts.expired = next_->spans;
  journal_.settle(next_->sequence, counts);
  next_.reset();
}

bool Source::sync() {
  const Status synced = journal_.sync();
  if (!synced) report_.journal_failed(synced.error());
  return synced.has_value();
}

std::function<void()> Source::let_go() {
  journal_.on_published([] {});
  return drained_;
}

}  // namespace dualtrace::agent
