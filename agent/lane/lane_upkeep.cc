// SPDX-License-Identifier: Apache-2.0
// What a lane does in addition to sending: expiring, syncing, releasing journals, finishing a drain
// or a halt, showing its status and waking up in time.

#include <algorithm>
#include <utility>

#include "agent/lane/lane.h"

namespace dualtrace::agent {
namespace {

constexpr Duration kUpkeepInterval = std::chrono::seconds(1);
// Applies while nothing waits: on a node without spans, no thread needs to wake more often.
constexpr Duration kIdleInterval = std::chrono::seconds(10);
// Records settled since the last sync are sent again after a crash.
constexpr Duration kSyncDelay = std::chrono::milliseconds(250);

void add(LaneBooks& sum, const LaneBooks& books) {
  sum.accepted += books.accepted;
  sum.settled += books.settled;
  sum.backlog_spans += books.backlog_spans;
  sum.backlog_bytes += books.backlog_bytes;
  if (books.oldest_unsettled) {
    sum.oldest_unsettled =
        std::min(sum.oldest_unsettled.value_or(*books.oldest_unsettled), *books.oldest_unsettled);
  }
}

// The state while something waits.
LaneState state_of(Gate::State gate, bool only_suspects) {
  if (gate == Gate::State::kPaused) return LaneState::kPaused;
  const bool passes = gate == Gate::State::kOpen && !only_suspects;
  return passes ? LaneState::kDelivering : LaneState::kRetrying;
}

}  // namespace

void Lane::keep_up() {
  expire_some();
  free_pinned_segments();
  // A lane that settles nothing may still have skipped carried records of others, whose segments
  // wait for its cursor.
  unsynced_ = true;
  sync_journals();
  let_go_drained();
  report_.tell_losses();
  if (is_idle()) {
    rest();
  } else {
    keep_up_soon();
  }
  advance();
}

void Lane::keep_up_soon() {
  rests_ = false;
  upkeep_ = scheduler_.run_after(kUpkeepInterval, [this] { keep_up(); });
}

void Lane::rest() {
  rests_ = true;
  upkeep_ = scheduler_.run_after(kIdleInterval, [this] { keep_up(); });
}

void Lane::stop_resting() {
  if (!rests_ || is_idle()) return;
  scheduler_.cancel(upkeep_);
  keep_up_soon();
}

bool Lane::is_idle() const {
  return in_flight_.empty() && outbox_.empty() && carrying_.empty() && !unsynced_ &&
         sources_exhausted() &&
         std::none_of(sources_.begin(), sources_.end(),
                      [](const auto& source) { return source->is_adopted(); });
}

void Lane::expire_some() {
  const ExpiryLimits limits{options_.backlog_bytes_max, age_limit_.oldest_allowed()};
  const Expired expired = expire(sources_, outbox_, limits, report_);
  if (expired.spans > 0) sync_soon();
  keep_losses();
  if (!expired.more || expiring_) return;
  expiring_ = true;
  scheduler_.post([this] {
    expiring_ = false;
    expire_some();
    if (!expiring_) advance();
  });
}

// A lost span whose record is settled durably is not lost again after a crash, so nothing else
// would report it. The note is therefore set before any sync, in the process's own journal, which
// is synced first.
void Lane::keep_losses() {
  const Losses& losses = report_.losses();
  if (losses.changes() == losses_kept_) return;
  const auto own = std::find_if(sources_.begin(), sources_.end(),
                                [](const auto& source) { return !source->is_adopted(); });
  if (own == sources_.end()) return;
  losses_kept_ = losses.changes();
  (*own)->journal().note(losses.note(now()));
  sync_soon();
}

// The delay starts when records are settled, not when the process starts, so that an agent that
// repeatedly dies within its first second still makes progress.
void Lane::sync_soon() {
  unsynced_ = true;
  if (std::exchange(sync_planned_, true)) return;
  scheduler_.run_after(kSyncDelay, [this] {
    sync_planned_ = false;
    sync_journals();
  });
}

void Lane::sync_journals() {
  keep_losses();
  if (!unsynced_) return;
  unsynced_ = false;
  for (const auto& source : sources_) unsynced_ |= !source->sync();
}

// The callback may destroy the journal, so it comes last.
void Lane::let_go_drained() {
  for (size_t i = 0; i < sources_.size();) {
    Source& source = *sources_[i];
    if (!source.to_let_go() || !source.sync()) {
      ++i;
      continue;
    }
    {
      Lock lock(mutex_);
      add(let_go_books_, source.journal().books());
    }
    const std::function<void()> drained = source.let_go();
    sources_.erase(sources_.begin() + static_cast<std::ptrdiff_t>(i));
    drained();
  }
}

void Lane::finish_drain() {
  if (when_drained_.empty() || !nothing_waits()) return;
  sync_journals();
  for (const auto& drained : std::exchange(when_drained_, {})) drained();
}

void Lane::finish_halt() {
  if (when_idle_.empty() || !in_flight_.empty() || !carrying_.empty()) return;
  sync_journals();
  for (const auto& idle : std::exchange(when_idle_, {})) idle();
}

bool Lane::sources_exhausted() const {
  return std::all_of(sources_.begin(), sources_.end(),
                     [](const auto& source) { return source->exhausted(); });
}

// Ignores suspects that are not due yet: they are left to the next agent.
bool Lane::nothing_waits() const {
  return in_flight_.empty() && !outbox_.something_ready(scheduler_.clock().tick()) &&
         sources_exhausted();
}

bool Lane::only_suspects_wait() const {
  const bool some = suspects_in_flight_ > 0 || outbox_.suspects() > 0;
  return some && outbox_.line_empty() && in_flight_.size() == suspects_in_flight_ &&
         sources_exhausted();
}

BatchLimits Lane::batch_limits() const {
  const BatchLimits limits = batch_size_.limits();
  return {patience_.batch_bytes(limits.bytes_target), patience_.batch_bytes(limits.bytes_max)};
}

// Suspects have the same amount of room again, so that they do not keep others from being read.
// Their number is limited, too, so that their entries take less than that.
size_t Lane::bytes_ahead() const {
  constexpr size_t kSuspectsMax = 20'000;
  if (outbox_.suspects() >= kSuspectsMax) return bytes_max();
  const size_t aside = bytes_aside();
  size_t bytes = in_flight_bytes_ + outbox_.line_bytes() + aside - std::min(aside, bytes_max());
  for (const auto& source : sources_) bytes += source->open_bytes();
  return bytes;
}

size_t Lane::bytes_held() const {
  size_t bytes = in_flight_bytes_ + outbox_.line_bytes() + bytes_aside();
  for (const auto& source : sources_) bytes += source->open_bytes();
  return bytes;
}

LaneStatus Lane::status() const {
  Lock lock(mutex_);
  LaneStatus status = status_;
  if (own_journal_ != nullptr) add(status.books, own_journal_->books());
  const bool something_waits = status.books.backlog_spans > 0;
  if (!something_waits && status.state != LaneState::kPaused) status.state = LaneState::kIdle;
  return status;
}

LaneLegacy Lane::legacy() const {
  Lock lock(mutex_);
  return {let_go_books_, status_.last_success, status_.last_error, age_limit_.seen(),
          report_.losses()};
}

void Lane::show_status() {
  keep_losses();
  const LaneState state = state_of(gate_.state(), only_suspects_wait());
  LaneBooks adopted;
  for (const auto& source : sources_) {
    if (source->is_adopted()) add(adopted, source->journal().books());
  }
  std::vector<report::Loss> losses = report_.losses().told(now());
  Lock lock(mutex_);
  status_.state = state;
  status_.books = let_go_books_;
  add(status_.books, adopted);
  status_.requests_in_flight = in_flight_.size();
  status_.bytes_held = bytes_held();
  status_.losses = std::move(losses);
}

void Lane::note_error(const Outcome& outcome) {
  LaneError error{outcome.reason, outcome.message, scheduler_.clock().wall(), outcome.cause};
  Lock lock(mutex_);
  status_.last_error = std::move(error);
}

void Lane::note_success() {
  const WallTime when = scheduler_.clock().wall();
  Lock lock(mutex_);
  status_.last_success = when;
}

void Lane::set_wake_up() {
  std::optional<Tick> next;
  const auto consider = [this, &next](std::optional<Tick> when) {
    // Anything in the past was just handled, or waits for an answer.
    if (when && *when > now()) next = std::min(next.value_or(*when), *when);
  };
  for (const auto& source : sources_) consider(source->due_at(now()));
  if (!outbox_.empty()) {
    consider(gate_.opens_at());
    consider(outbox_.next_suspect_at(now()));
  }
  if (next == wake_up_at_) return;
  if (wake_up_at_) scheduler_.cancel(wake_up_);
  wake_up_at_ = next;
  if (!next) return;
  wake_up_ = scheduler_.run_at(*next, [this] {
    wake_up_at_.reset();
    advance();
  });
}

}  // namespace dualtrace::agent
