// The asynchronous story of a span, after its client was told "stored": read → batch → send →
// settle. Everything here runs on the lane's scheduler; lane_upkeep.cc has what the passing of time
// asks for.

#include "agent/lane/lane.h"

#include <algorithm>
#include <utility>

#include "agent/lane/destination_lane.h"
#include "common/error/check.h"

namespace dualtrace::agent {

void DestinationLane::advance() {
  if (!halted_) {
    read_ahead();
    send_ready();
  }
  show_status();
  finish_drain();
  finish_halt();
  set_wake_up();
}

void DestinationLane::read_ahead() {
  for (const auto& source : sources_) source->wake_if_due(now());
  bool sealed = true;  // then there may be more to read
  while (std::exchange(sealed, false)) {
    read_what_is_there();
    // Open batches of many journals can use the budget up: then nothing more would fill them.
    const bool stuck = outbox_.empty() && bytes_held() >= bytes_max();
    for (const auto& source : sources_) {
      auto batch = draining_ || stuck ? source->seal() : source->seal_due(now());
      if (!batch) continue;
      queue(*std::move(batch));
      sealed = true;
    }
  }
}

void DestinationLane::read_what_is_there() {
  size_t idle_sources = 0;
  while (idle_sources < sources_.size() && bytes_held() < bytes_max()) {
    Source& source = *sources_[next_source_++ % sources_.size()];
    if (!source.readable(now())) {
      ++idle_sources;
      continue;
    }
    idle_sources = 0;
    for (Batch& batch : source.read(batch_size_.limits(), options_.backoff, now(), random_)) {
      queue(std::move(batch));
    }
  }
}

void DestinationLane::queue(Batch batch) {
  batch.body = options_.bodies->share(std::move(batch.body));
  outbox_.push_new(std::move(batch));
}

void DestinationLane::send_ready() {
  while (in_flight_.size() < options_.requests_in_flight_max && gate_.admits(now())) {
    const bool probe = gate_.state() != Gate::State::kOpen;
    auto batch = probe ? outbox_.take_probe(now()) : outbox_.take_first(now());
    if (!batch) return;
    send(*std::move(batch));
  }
}

void DestinationLane::send(Batch batch) {
  const uint64_t number = ++requests_;
  batch.last_sent = number;
  const ExportRequest request{batch.body, batch.spans, options_.request_timeout};
  in_flight_bytes_ += batch.bytes();
  in_flight_.emplace(number, Request{std::move(batch), gate_.enter(), now()});
  // The answer comes from any thread, and may come after the lane is gone: then its scheduler is
  // stopped and takes no task.
  exporter_.send(request, [this, number, &scheduler = scheduler_](Outcome outcome) {
    scheduler.post([this, number, outcome = std::move(outcome)] { on_answer(number, outcome); });
  });
}

void DestinationLane::on_answer(uint64_t number, const Outcome& outcome) {
  auto node = in_flight_.extract(number);
  DT_CHECK(!node.empty());
  Request request = std::move(node.mapped());
  in_flight_bytes_ -= request.batch.bytes();
  report_.answered(outcome, now() - request.sent, request.batch.bytes());

  BatchHistory& history = request.batch.history;
  if (outcome.kind == OutcomeKind::kRetry && outcome.suspect) {
    add_suspect_failure(history, requests_, last_delivered_);
  }
  const Decision decision = decide(outcome, history, gate_.failures(), policy_, random_);
  switch (decision.action) {
    case Action::kSettle:
      if (outcome.rejected < request.batch.spans)
        last_delivered_ = std::max(last_delivered_, number);
      settle(request, outcome);
      break;
    case Action::kWait:
      wait(std::move(request), outcome, Gate::State::kRetrying, decision.delay);
      break;
    case Action::kPause:
      wait(std::move(request), outcome, Gate::State::kPaused, decision.delay);
      break;
    case Action::kHalve:
      cut(std::move(request), outcome);
      break;
    case Action::kDeadLetter:
      open_gate(request.pass);
      bury(std::move(request.batch), outcome);
      break;
  }
  advance();
}

void DestinationLane::settle(const Request& request, const Outcome& outcome) {
  open_gate(request.pass);
  batch_size_.delivered();
  const uint64_t rejected = outcome.kind == OutcomeKind::kPartly
                                ? std::min<uint64_t>(outcome.rejected, request.batch.spans)
                                : 0;
  if (rejected > 0) {
    note_error(outcome);
    report_.undelivered("rejected", outcome.reason, rejected);
  }
  if (rejected < request.batch.spans) note_success();
  account_delivered(request.batch, rejected);
  sync_soon();
}

void DestinationLane::wait(Request request, const Outcome& outcome, Gate::State why,
                           Duration delay) {
  note_error(outcome);
  const Gate::State before = gate_.state();
  if (gate_.failed(request.pass, why, now(), delay, outcome.retry_after) && before != why) {
    if (why == Gate::State::kPaused) {
      report_.paused(outcome);
    } else {
      report_.retrying(outcome, delay);
    }
  }
  outbox_.put_back(std::move(request.batch));
}

void DestinationLane::cut(Request request, const Outcome& outcome) {
  open_gate(request.pass);
  if (outcome.kind == OutcomeKind::kSplit) batch_size_.refused(request.batch.bytes());
  auto halves = halve(request.batch);
  if (!halves) {
    bury(std::move(request.batch), outcome);
    return;
  }
  outbox_.put_back(std::move(halves->first));
  outbox_.put_back(std::move(halves->second));
}

void DestinationLane::bury(Batch batch, const Outcome& outcome) {
  note_error(outcome);
  const std::string reason = outcome.kind == OutcomeKind::kSplit ? "TooLarge" : outcome.reason;
  const std::string body = batch.body->plain().joined();
  const Status kept = dead_letters_.keep({.request = body,
                                          .spans = batch.spans,
                                          .reason = reason,
                                          .message = outcome.message,
                                          .arrived = batch.oldest().arrived,
                                          .when = scheduler_.clock().wall()});
  if (!kept) {
    report_.dead_letter_unkept(kept.error());
    batch.not_before = now() + options_.backoff.delay(++batch.keep_failures, random_);
    outbox_.put_back(std::move(batch));
    return;
  }
  report_.undelivered("dead_lettered", reason, batch.spans);
  account_all(batch, &SpanCounts::dead_lettered);
  sync_soon();
}

void DestinationLane::open_gate(Gate::Pass pass) {
  const Gate::State before = gate_.state();
  gate_.passed(pass);
  if (before != gate_.state()) report_.delivering_again();
}

std::unique_ptr<Lane> make_lane(LaneOptions options, Exporter& exporter, DeadLetters& dead_letters,
                                Scheduler& scheduler, Random random, MetricRegistry& metrics) {
  return std::make_unique<DestinationLane>(std::move(options), exporter, dead_letters, scheduler,
                                           random, metrics);
}

}  // namespace dualtrace::agent
