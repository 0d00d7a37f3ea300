// SPDX-License-Identifier: Apache-2.0
// The asynchronous path of a span after its client got the answer "stored": read → batch → send →
// settle. Below the public calls, everything runs on the lane's scheduler. Timed work is in
// lane_upkeep.cc.

#include "agent/lane/lane.h"

#include <algorithm>
#include <utility>

#include "common/error/check.h"

namespace dualtrace::agent {

Lane::Lane(LaneOptions options, Exporter& exporter, DeadLetters& dead_letters, Scheduler& scheduler,
           Random random, MetricRegistry& metrics)
    : options_(std::move(options)),
      policy_{.backoff = options_.backoff, .pause_probe_interval = options_.pause_probe_interval},
      exporter_(exporter),
      dead_letters_(dead_letters),
      scheduler_(scheduler),
      random_(random),
      report_(options_.name, scheduler.clock(), metrics, options_.legacy.losses),
      batch_size_({options_.batch_bytes_target, options_.batch_bytes_max}),
      patience_(options_.request_timeout),
      age_limit_(options_.age_max, scheduler.clock(), options_.legacy.seen_clock) {
  status_.name = options_.name;
  status_.last_success = options_.legacy.last_success;
  status_.last_error = options_.legacy.last_error;
  let_go_books_ = options_.legacy.let_go_books;
  status_.books = let_go_books_;
  keep_up_soon();
}

Lane::~Lane() { callbacks_->close(); }

void Lane::add_journal(Journal& journal, std::function<void()> drained) {
  scheduler_.post([this, &journal, drained = std::move(drained)]() mutable {
    JournalLane& lane = journal.lane(options_.name);
    sources_.push_back(std::make_unique<Source>(journal, lane,
                                                Linger{options_.linger, options_.steady_linger},
                                                std::move(drained), report_));
    if (!sources_.back()->is_adopted()) {
      Lock lock(mutex_);
      own_journal_ = &lane;
    }
    report_.resume(lane.take_note());
    if (draining_) sources_.back()->hurry();
    watch(*sources_.back());
    advance();
  });
}

void Lane::watch(Source& watched) {
  const auto woken = [this, &journal = watched.journal()] {
    const auto source = std::find_if(sources_.begin(), sources_.end(), [&](const auto& each) {
      return &each->journal() == &journal;
    });
    if (source == sources_.end()) return;
    (*source)->wake();
    advance();
  };
  watched.on_worth_reading(
      [this, woken, callbacks = callbacks_] { callbacks->pass([&] { scheduler_.post(woken); }); });
}

void Lane::nudge() {
  scheduler_.post([this] {
    gate_.nudge(now());
    outbox_.release_all(now());
    advance();
  });
}

void Lane::halt(std::function<void()> idle) {
  scheduler_.post([this, idle = std::move(idle)]() mutable {
    halted_ = true;
    when_idle_.push_back(std::move(idle));
    advance();
  });
}

void Lane::drain(std::function<void()> drained) {
  scheduler_.post([this, drained = std::move(drained)]() mutable {
    draining_ = true;
    for (const auto& source : sources_) source->hurry();
    when_drained_.push_back(std::move(drained));
    advance();
  });
}

void Lane::advance() {
  if (!halted_) {
    make_room();
    read_ahead();
    send_ready();
  }
  show_status();
  finish_drain();
  finish_halt();
  set_wake_up();
  stop_resting();
}

void Lane::read_ahead() {
  for (const auto& source : sources_) source->wake_if_due(now());
  bool sealed = true;  // then there may be more to read
  while (std::exchange(sealed, false)) {
    read_what_is_there();
    // Open batches of many journals can use up the budget, so that nothing could fill them.
    const bool stuck = outbox_.line_empty() && bytes_ahead() >= bytes_max();
    for (const auto& source : sources_) {
      auto batch = draining_ || stuck ? source->seal() : source->seal_due(now());
      if (!batch) continue;
      queue(*std::move(batch));
      sealed = true;
    }
  }
}

// Journals take turns batch by batch: the backlog of an adopted one does not delay new spans.
void Lane::read_what_is_there() {
  size_t idle_sources = 0;
  while (idle_sources < sources_.size() && bytes_ahead() < bytes_max()) {
    Source& source = *sources_[next_source_++ % sources_.size()];
    if (!source.readable(now())) {
      ++idle_sources;
      continue;
    }
    idle_sources = 0;
    for (Batch& batch : source.read(batch_limits(), options_.backoff, now(), random_)) {
      queue(std::move(batch));
    }
    make_room();
  }
}

void Lane::queue(Batch batch) {
  if (batch.oldest().carried_for) {
    // It was suspected before, perhaps by another agent. Its next failure counts if anything is
    // delivered before then.
    batch.history = {.spans = batch.spans,
                     .strikes = 1,
                     .requests_at_failure = std::max<uint64_t>(requests_, 1),
                     .suspect = true};
    batch.not_before = now() + options_.backoff.delay(1, random_);
    outbox_.push_new(std::move(batch));
    return;
  }
  batch.body = options_.bodies->share(std::move(batch.body));
  outbox_.push_new(std::move(batch));
  // The doubt may come from one bad batch and its parts; the next batch shows whether it does.
  if (evidence_.doubts() > 0 && evidence_.few_batches_refused()) gate_.nudge(now());
}

void Lane::send_ready() {
  while (in_flight_.size() < options_.requests_in_flight_max && gate_.admits(now())) {
    auto batch = gate_.state() == Gate::State::kOpen ? next_batch() : next_probe();
    if (!batch) break;
    if (!load(*batch)) continue;
    if (convicted(*batch)) {
      bury(*std::move(batch));
    } else {
      send(*std::move(batch));
    }
  }
  keep_letters();
}

// Suspects get a quarter of the requests in flight and of the rate, so that cutting a batch to find
// the defective span delays nothing else.
std::optional<Batch> Lane::next_batch() {
  constexpr uint32_t kShare = 4;
  const bool room = suspects_in_flight_ < std::max(options_.requests_in_flight_max / kShare, 1u);
  if (room && (outbox_.line_empty() || sent_in_line_ >= kShare - 1)) {
    if (auto suspect = outbox_.take_suspect(now())) {
      sent_in_line_ = 0;
      return suspect;
    }
  }
  ++sent_in_line_;
  return outbox_.take_first();
}

// The oldest first. If it fails repeatedly, whatever the answer, perhaps only that batch fails, so
// all waiting batches take turns. Whole batches and parts of refused ones alternate: if much of the
// data is defective, a part passes sooner; if little is, a whole batch does.
std::optional<Batch> Lane::next_probe() {
  constexpr uint32_t kFailuresToRotate = 3;
  std::optional<Batch> batch;
  if (gate_.state() != Gate::State::kPaused && gate_.failures() < kFailuresToRotate) {
    batch = outbox_.take_first();
  } else if (!probed_suspect_) {
    batch = outbox_.take_least_tried_suspect(now());
  }
  if (!batch) batch = outbox_.take_least_tried();
  if (!batch) batch = outbox_.take_least_tried_suspect(now());
  probed_suspect_ = batch && batch->history.suspect;
  return batch;
}

void Lane::send(Batch batch) {
  const uint64_t number = ++requests_;
  batch.last_sent = number;
  suspects_in_flight_ += batch.history.suspect ? 1 : 0;
  const Duration timeout = patience_.request_timeout();
  const ExportRequest request{batch.body, batch.spans, timeout};
  in_flight_bytes_ += batch.bytes();
  in_flight_.emplace(number, Request{std::move(batch), gate_.enter(), now(), timeout});
  // The answer arrives on any thread, possibly after the lane is gone. Its scheduler is then
  // stopped and accepts no task.
  exporter_.send(request, [this, number, &scheduler = scheduler_](Outcome outcome) {
    scheduler.post([this, number, outcome = std::move(outcome)] { on_answer(number, outcome); });
  });
}

void Lane::on_answer(uint64_t number, const Outcome& outcome) {
  auto node = in_flight_.extract(number);
  DT_CHECK(!node.empty());
  Request request = std::move(node.mapped());
  const bool suspect = request.batch.history.suspect;
  const Duration took = now() - request.sent;
  in_flight_bytes_ -= request.batch.bytes();
  suspects_in_flight_ -= suspect ? 1 : 0;
  report_.answered(outcome, took, request.batch.bytes());
  // A suspect may time out because of its content, which is no reason to wait longer for others.
  if (!outcome.timed_out) {
    patience_.answered(took);
  } else if (!suspect) {
    patience_.timed_out(request.timeout);
  }
  if (outcome.kind == OutcomeKind::kDelivered || outcome.kind == OutcomeKind::kPartly) {
    settle(request, number, outcome);
  } else {
    judge(std::move(request), outcome);
  }
  advance();
}

// Settles the records at once, whatever else waits, and stores the cursor soon after. Records that
// are settled but not stored are sent again if the agent ends in between.
void Lane::settle(const Request& request, uint64_t number, const Outcome& outcome) {
  open_gate(request.pass);
  batch_size_.delivered();
  const uint64_t rejected = outcome.kind == OutcomeKind::kPartly
                                ? std::min<uint64_t>(outcome.rejected, request.batch.spans)
                                : 0;
  if (rejected > 0) {
    note_error(outcome);
    report_.undelivered(report::LossWord::kRejected, outcome.reason, rejected, outcome.message);
  }
  // Only accepted spans are evidence, against the other half of a refused batch and against batches
  // refused before this request was sent. Those are due now, because their next failure counts.
  if (rejected < request.batch.spans) {
    note_success();
    evidence_.delivered(number, request.batch.history);
    if (request.batch.halves) request.batch.halves->passed[request.batch.half] = true;
    outbox_.release_refused(number, now());
  }
  account_delivered(request.batch, rejected);
  sync_soon();
}

void Lane::judge(Request request, const Outcome& outcome) {
  BatchHistory& history = request.batch.history;
  const bool contrast = evidence_.failed(outcome, history, requests_);
  // A destination that sends a retry hint describes its own state.
  const bool presumed = evidence_.others_passed_lately() && !outcome.retry_after;
  // The fault of the batch, not of the destination. A probe's failure never counts as such: while
  // the gate is closed, nothing else is sent that could pass.
  const bool own_fault =
      (contrast || presumed) && !request.pass.probe && gate_.state() == Gate::State::kOpen;
  const bool verdict = outcome.kind == OutcomeKind::kRefuse && outcome.verdict;
  if (verdict) request.batch.refusal = std::make_shared<const Outcome>(outcome);
  if (verdict || outcome.kind == OutcomeKind::kSplit) {
    // It was refused together with its other half, which has been delivered since. That refusal was
    // therefore a verdict on this half.
    const auto& halves = request.batch.halves;
    if (halves && halves->passed[1 - request.batch.half]) {
      ++history.verdicts;
      request.batch.halves.reset();
    }
  }
  if (verdict && evidence_.doubts() == 0 && set_defects_apart(request, outcome)) return;
  const Decision decision = decide(outcome, history,
                                   {.lane_failures = gate_.failures(),
                                    .own_fault = own_fault,
                                    .doubts = evidence_.doubts(),
                                    .strikes_to_cut = evidence_.strikes_to_cut(),
                                    .strikes_to_set_aside = evidence_.strikes_to_set_aside(),
                                    .verdicts_needed = evidence_.verdicts_needed(),
                                    .batch_bytes = request.batch.bytes()},
                                   policy_, random_);
  switch (decision.action) {
    case Action::kSettle:
      DT_CHECK(false);
      break;
    case Action::kWait:
      wait(std::move(request), outcome, Gate::State::kRetrying, decision.delay);
      break;
    case Action::kPause:
      if (decision.halves && cut_in_doubt(request, outcome, decision.delay)) break;
      wait(std::move(request), outcome, Gate::State::kPaused, decision.delay);
      break;
    case Action::kHalve:
      cut(std::move(request), outcome, own_fault);
      break;
    case Action::kSetAside:
      ++history.times_aside;
      park(std::move(request.batch), outcome, decision.delay);
      break;
    case Action::kPark:
      open_gate(request.pass);
      park(std::move(request.batch), outcome, decision.delay);
      break;
    case Action::kDeadLetter:
      open_gate(request.pass);
      note_error(outcome);
      request.batch.refusal = std::make_shared<const Outcome>(outcome);
      bury(std::move(request.batch));
      break;
  }
}

void Lane::close_gate(const Request& request, const Outcome& outcome, Gate::State why,
                      Duration delay) {
  note_error(outcome);
  const Gate::State before = gate_.state();
  if (!gate_.failed(request.pass, why, now(), delay, outcome.retry_after) || before == why) return;
  if (why == Gate::State::kPaused) {
    report_.paused(outcome);
  } else {
    report_.retrying(outcome, delay);
  }
}

void Lane::open_gate(Gate::Pass pass) {
  const Gate::State before = gate_.state();
  gate_.passed(pass);
  if (before != gate_.state()) report_.delivering_again();
}

}  // namespace dualtrace::agent
