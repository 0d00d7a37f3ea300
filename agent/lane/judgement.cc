// SPDX-License-Identifier: Apache-2.0
// Handles a batch that does not pass: it waits with the lane, waits on its own, is cut, or its span
// is dead-lettered. Whether to believe the answer is decided before (evidence.h, retry.h).
// Everything here runs on the lane's scheduler.

#include <utility>

#include "agent/lane/lane.h"
#include "agent/otlp/defects.h"
#include "agent/otlp/split.h"

namespace dualtrace::agent {
namespace {

bool speaks_of_data(const Outcome& outcome) {
  return outcome.kind == OutcomeKind::kSplit ||
         (outcome.kind == OutcomeKind::kRefuse && outcome.verdict);
}

// The outcome to report when refusals pause the lane.
Outcome everything_refused(const Outcome& last) {
  Outcome told = last;
  told.reason = to_string(report::PauseReason::kEverythingRefused);
  told.cause = last.reason;
  told.message = "refuses all requests, the last one as " + last.reason + ": " + last.message;
  return told;
}

// One letter per span, so that each can be found and resent on its own.
template <typename Add>
void for_each_span(const std::string& request, uint32_t spans, const Add& add) {
  if (spans > 1) {
    if (const auto halves = split_in_half(request)) {
      for_each_span(halves->first.request, halves->first.spans, add);
      for_each_span(halves->second.request, halves->second.spans, add);
      return;
    }
  }
  add(request, spans);
}

void remember_halves(std::pair<Batch, Batch>& halves) {
  const auto both = std::make_shared<RefusedHalves>();
  halves.first.halves = halves.second.halves = both;
  halves.second.half = 1;
}

}  // namespace

void Lane::wait(Request request, const Outcome& outcome, Gate::State why, Duration delay) {
  const bool refused = outcome.kind == OutcomeKind::kRefuse || outcome.kind == OutcomeKind::kSplit;
  const bool doubted = refused && why == Gate::State::kPaused;
  close_gate(request, doubted ? everything_refused(outcome) : outcome, why, delay);
  request.batch.not_before = now();
  outbox_.put_back(std::move(request.batch));
}

void Lane::park(Batch batch, const Outcome& outcome, Duration delay) {
  note_error(outcome);
  batch.history.suspect = true;
  batch.not_before = now() + delay;
  // Its next failure counts only after a delivery, so retry it then.
  batch.awaits_contrast = speaks_of_data(outcome);
  outbox_.put_back(std::move(batch));
}

void Lane::cut(Request request, const Outcome& outcome, bool own_fault) {
  if (speaks_of_data(outcome)) {
    open_gate(request.pass);
  } else if (!own_fault) {
    close_gate(request, outcome, Gate::State::kRetrying,
               policy_.backoff.delay(gate_.failures() + 1, random_));
  }
  const bool too_large = outcome.kind == OutcomeKind::kSplit;
  if (too_large) batch_size_.refused(request.batch.bytes());
  auto halves = halve(request.batch);
  if (!halves) {
    request.batch.history.uncuttable = true;
    park(std::move(request.batch), outcome, options_.backoff.delay(1, random_));
    return;
  }
  if (speaks_of_data(outcome)) remember_halves(*halves);
  // A batch that was only too large, or too slow, is cut once and is not a suspect.
  const bool suspect = !too_large && (own_fault || speaks_of_data(outcome));
  put_back(*std::move(halves), suspect || request.batch.history.suspect);
}

void Lane::put_back(std::pair<Batch, Batch> halves, bool suspect) {
  for (Batch* half : {&halves.first, &halves.second}) {
    half->history.suspect = suspect;
    half->not_before = now();
    outbox_.put_back(std::move(*half));
  }
}

bool Lane::cut_in_doubt(const Request& request, const Outcome& outcome, Duration delay) {
  auto halves = halve(request.batch);
  if (!halves) return false;
  close_gate(request, everything_refused(outcome), Gate::State::kPaused, delay);
  if (outcome.verdict) remember_halves(*halves);
  put_back(*std::move(halves), true);
  return true;
}

// If a defect in the data can be found here, it explains the refusal. The defective spans wait for
// the contrast that convicts them, and the others are resent at once. A defective span therefore
// costs one more request instead of a bisection.
bool Lane::set_defects_apart(Request& request, const Outcome& outcome) {
  Batch& batch = request.batch;
  if (std::exchange(batch.history.inspected, true)) return false;
  const std::vector<SpanDefect> defects = find_defects(batch.body->plain().joined());
  if (defects.empty()) return false;
  std::vector<uint32_t> ordinals;
  for (const SpanDefect& defect : defects) ordinals.push_back(defect.ordinal);
  auto apart = take_apart(batch, ordinals);
  if (!apart) return false;
  open_gate(request.pass);
  if (apart->kept.spans > 0) {
    apart->kept.history = {.spans = apart->kept.spans, .inspected = true};
    outbox_.put_back(std::move(apart->kept));
  }
  Outcome explained = outcome;
  explained.message += explained.message.empty() ? "" : "; ";
  explained.message += "found here: " + defects.front().what;
  apart->taken.history.defective = true;
  apart->taken.history.uncuttable = true;
  apart->taken.refusal = std::make_shared<const Outcome>(explained);
  park(std::move(apart->taken), explained, options_.backoff.delay(1, random_));
  return true;
}

// Whether it was refused, its defect was found here, and other data has been delivered since.
bool Lane::convicted(const Batch& batch) const {
  return batch.history.defective && batch.refusal != nullptr &&
         evidence_.last_delivered() > batch.history.requests_at_failure;
}

// `batch.refusal` has the reason.
void Lane::bury(Batch batch) {
  const Outcome& refusal = *batch.refusal;
  const WallTime when = scheduler_.clock().wall();
  const WallTime arrived = batch.oldest().arrived;
  std::string reason = refusal.kind == OutcomeKind::kSplit
                           ? std::string(to_string(report::LossReason::kTooLarge))
                           : refusal.reason;
  for_each_span(batch.body->plain().joined(), batch.spans,
                [&](const std::string& request, uint32_t spans) {
                  dead_letters_.add({.request = request,
                                     .spans = spans,
                                     .reason = reason,
                                     .message = refusal.message,
                                     .arrived = arrived,
                                     .when = when});
                });
  burials_.push_back({std::move(batch), std::move(reason)});
}

// Writes all letters that were added together at once. A span whose letter cannot be written waits
// in the journal, and is refused again later.
void Lane::keep_letters() {
  if (burials_.empty()) return;
  const Status kept = dead_letters_.keep();
  if (!kept) report_.dead_letter_unkept(kept.error());
  for (Burial& burial : std::exchange(burials_, {})) {
    Batch& batch = burial.batch;
    if (kept) {
      report_.undelivered(report::LossWord::kDeadLettered, burial.reason, batch.spans,
                          batch.refusal->message);
      account_all(batch, &SpanCounts::dead_lettered);
      continue;
    }
    batch.history.suspect = true;
    batch.not_before = now() + options_.backoff.delay(++batch.keep_failures, random_);
    outbox_.put_back(std::move(batch));
  }
  sync_soon();
}

}  // namespace dualtrace::agent
