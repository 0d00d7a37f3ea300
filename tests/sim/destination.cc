// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/destination.h"

#include <algorithm>
#include <utility>

namespace dualtrace::agent::sim {
namespace {

using std::chrono::milliseconds;

Outcome retry(const char* reason) { return {.kind = OutcomeKind::kRetry, .reason = reason}; }
Outcome verdict() {
  return {.kind = OutcomeKind::kRefuse, .verdict = true, .reason = "InvalidData"};
}
Outcome foreign() { return {.kind = OutcomeKind::kRefuse, .reason = "ForeignAnswer"}; }
Outcome timed_out() {
  return {.kind = OutcomeKind::kRetry, .timed_out = true, .reason = "Timeout"};
}

// A picky destination never accepts a few percent of the spans.
bool poisoned(uint64_t span) { return span % 61 == 7; }

}  // namespace

void Destination::collect(FakeExporter& exporter, uint32_t life, const LaneOptions& options) {
  for (FakeExporter::Sent& sent : exporter.sent) {
    flights_.push_back({.life = life,
                        .spans = witness_.sent(lane_, life, sent.request, options.batch_bytes_max),
                        .bytes = sent.request.body->size(),
                        .times_out = clock_.tick() + sent.request.timeout,
                        .done = std::move(sent.done)});
  }
  exporter.sent.clear();
  const auto in_flight = std::count_if(flights_.begin(), flights_.end(),
                                       [life](const Flight& each) { return each.life == life; });
  if (in_flight > options.requests_in_flight_max) throw Violation{"too many requests in flight"};
}

bool Destination::act() {
  if (flights_.empty() || mood_ == Mood::kSilent || mood_ == Mood::kLate) return false;
  const size_t index = random_.below(flights_.size());
  answer(index, judge(flights_[index]));
  return true;
}

void Destination::time_out() {
  for (size_t i = flights_.size(); i-- > 0;) {
    if (flights_[i].times_out <= clock_.tick()) answer(i, timed_out());
  }
}

std::optional<Tick> Destination::next_timeout() const {
  std::optional<Tick> next;
  for (const Flight& each : flights_)
    next = std::min(next.value_or(each.times_out), each.times_out);
  return next;
}

void Destination::forget(uint32_t life) {
  std::erase_if(flights_, [life](const Flight& each) { return each.life == life; });
}

Outcome Destination::judge(const Flight& flight) {
  switch (mood_) {
    case Mood::kWell:
    case Mood::kSilent:
    case Mood::kLate:
      return {};
    case Mood::kDown:
      return retry("Unreachable");
    case Mood::kThrottling: {
      Outcome outcome = retry("Throttled");
      outcome.retry_after = milliseconds(random_.below(8000));
      return random_.below(3) == 0 ? Outcome{} : outcome;
    }
    case Mood::kLocked:
      return {.kind = OutcomeKind::kPause, .reason = "AuthRejected"};
    case Mood::kPicky: {
      const bool bad = std::any_of(flight.spans.begin(), flight.spans.end(), poisoned);
      if (bad) return verdict();
      if (flight.bytes > 3000) return {.kind = OutcomeKind::kSplit, .reason = "TooLarge"};
      return {};
    }
    case Mood::kFickle:
      return anything(flight);
    case Mood::kRefusing:
      switch (random_.below(3)) {
        case 0:
          return verdict();
        case 1:
          return foreign();
        default:
          return {.kind = OutcomeKind::kSplit, .reason = "TooLarge"};
      }
    case Mood::kAllergic: {
      const auto bad = std::find_if(flight.spans.begin(), flight.spans.end(), poisoned);
      if (bad == flight.spans.end()) return {};
      switch (*bad / 61 % 4) {
        case 0:
          return retry("Unreachable");
        case 1:
          return foreign();
        case 2:
          return timed_out();
        default:
          return {.kind = OutcomeKind::kPause, .reason = "PermissionDenied"};
      }
    }
  }
  return {};
}

Outcome Destination::anything(const Flight& flight) {
  switch (random_.below(10)) {
    case 0:
      return {.kind = OutcomeKind::kPartly,
              .rejected = random_.below(flight.spans.size() + 2),
              .reason = "SpansRejected"};
    case 1:
      return retry("ConnectionCut");  // whether they were stored is random
    case 2: {
      Outcome outcome = retry("Throttled");
      outcome.retry_after = milliseconds(random_.below(20'000));
      return outcome;
    }
    case 3:
      return random_.below(2) == 0 ? retry("ServerError") : foreign();
    case 4:
      return {.kind = OutcomeKind::kSplit, .reason = "TooLarge"};
    case 5:
      return {.kind = OutcomeKind::kPause, .reason = "AuthRejected"};
    case 6:
      return verdict();
    default:
      return {};
  }
}

void Destination::answer(size_t index, Outcome outcome) {
  Flight flight = std::move(flights_[index]);
  flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(index));
  witness_.judged(lane_, flight.life, flight.spans, outcome);
  flight.done(std::move(outcome));
}

}  // namespace dualtrace::agent::sim
