#include "agent/lane/source.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent {

Source::Source(JournalLane& journal, Duration linger, std::function<void()> drained,
               LaneReport& report)
    : journal_(journal), drained_(std::move(drained)), report_(report), batcher_(linger) {}

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
    const auto more = fetch();
    if (!more) {
      report_.journal_failed(more.error());
      read_again_ = now + backoff.delay(++failures_, random);
      break;
    }
    failures_ = 0;
    at_end_ = !*more;
    if (at_end_) break;
    JournalRecord record = *std::exchange(next_, std::nullopt);
    const OpenRecord open{&journal_, record.sequence, record.arrived, record.spans,
                          record.payload.size()};
    if (record.spans == 0) {
      journal_.settle(record.sequence, {});
      continue;
    }
    sealed =
        batcher_.add(std::make_shared<OpenRecord>(open), std::move(record.payload), limits, now);
  }
  return sealed;
}

std::optional<Batch> Source::seal_due(Tick now) {
  if (!batcher_.due(now) || readable(now)) return std::nullopt;
  return batcher_.seal();
}

std::optional<Tick> Source::due_at(Tick now) const {
  if (!at_end_ && read_again_ > now) {
    return std::min(read_again_, batcher_.due_at().value_or(read_again_));
  }
  return at_end_ ? batcher_.due_at() : std::nullopt;
}

const JournalRecord* Source::next_unread() {
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
