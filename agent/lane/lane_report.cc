// SPDX-License-Identifier: Apache-2.0
#include "agent/lane/lane_report.h"

#include <utility>

namespace dualtrace::agent {
namespace {

// Reasons come from a short list of our own. If one ever comes from outside, the registry must not
// grow without limit.
constexpr size_t kSeriesMax = 64;
constexpr Duration kTellEvery = std::chrono::minutes(1);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

LaneReport::LaneReport(std::string lane, const Clock& clock, MetricRegistry& metrics, Losses losses)
    : lane_(std::move(lane)),
      clock_(clock),
      metrics_(metrics),
      request_seconds_(metrics.histogram(
          "dualtrace_lane_request_duration_seconds", "Time from sending a request to its answer.",
          {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}, {{"lane", lane_}})),
      request_bytes_(metrics.histogram(
          "dualtrace_lane_request_bytes", "Size of requests before compression.",
          {1024, 16384, 65536, 262144, 1048576, 4194304, 16777216}, {{"lane", lane_}})),
      journal_failures_(metrics.counter("dualtrace_lane_journal_failures_total",
                                        "Failed reads and syncs of the journal; they are retried.",
                                        {{"lane", lane_}})),
      unkept_(metrics.counter("dualtrace_lane_dead_letter_failures_total",
                              "Dead letters that could not be written; their batch is retried.",
                              {{"lane", lane_}})),
      counted_(std::move(losses)) {}

void LaneReport::answered(const Outcome& outcome, Duration took, size_t bytes) {
  by_names(requests_, "dualtrace_lane_requests_total",
           "Answered requests by what the answer meant.", "outcome",
           {std::string(to_string(outcome.kind)), outcome.reason})
      .increment();
  request_seconds_.observe(seconds(took));
  request_bytes_.observe(static_cast<double>(bytes));
}

void LaneReport::undelivered(report::LossWord word, std::string_view reason, uint64_t spans,
                             std::string_view message) {
  counted_.add(word, reason, spans, message, clock_.tick(), clock_.wall());
  Names names{to_string(word), reason};
  untold_[names].spans += spans;
  by_names(undelivered_, "dualtrace_lane_undelivered_spans_total",
           "Spans that were not delivered, by the ledger's word and the reason.", "word",
           std::move(names))
      .add(static_cast<double>(spans));
}

void LaneReport::resume(std::string_view note) {
  if (note.empty()) return;
  const Status resumed = counted_.resume(note, clock_.tick(), clock_.wall());
  if (resumed) return;
  log_warn("the losses that the agent before noted cannot be read",
           {{"lane", lane_}, {"error", resumed.error().message}});
}

Counter& LaneReport::by_names(std::map<Names, Counter*>& known, const std::string& metric,
                              const std::string& help, const char* first_label, Names names) {
  if (known.size() >= kSeriesMax && !known.contains(names)) names.second = "Other";
  Counter*& counter = known[names];
  if (counter == nullptr) {
    counter = &metrics_.counter(
        metric, help, {{"lane", lane_}, {first_label, names.first}, {"reason", names.second}});
  }
  return *counter;
}

void LaneReport::retrying(const Outcome& outcome, Duration delay) {
  if (!retrying_log_.allow(clock_.tick())) return;
  log_warn("destination does not accept requests now, will retry",
           {{"lane", lane_},
            {"reason", outcome.reason},
            {"detail", outcome.message},
            {"retry_in_seconds", seconds(delay)}});
}

void LaneReport::paused(const Outcome& outcome) {
  if (!paused_log_.allow(clock_.tick())) return;
  log_error("destination refuses the lane's requests, lane is paused and keeps its data",
            {{"lane", lane_}, {"reason", outcome.reason}, {"detail", outcome.message}});
}

void LaneReport::delivering_again() {
  if (!delivering_log_.allow(clock_.tick())) return;
  log_info("destination accepts requests again", {{"lane", lane_}});
}

void LaneReport::damaged(const JournalDamage& damage) {
  undelivered(report::LossWord::kDeadLettered, to_string(report::LossReason::kJournalDamage),
              damage.spans);
  log_error("journal segment is damaged, its spans cannot be delivered",
            {{"lane", lane_},
             {"first_record", damage.first},
             {"last_record", damage.last},
             {"spans", damage.spans}});
}

void LaneReport::journal_failed(const Error& error) {
  journal_failures_.increment();
  if (!journal_log_.allow(clock_.tick())) return;
  log_warn("journal failed, will retry", {{"lane", lane_}, {"error", error.message}});
}

void LaneReport::dead_letter_unkept(const Error& error) {
  unkept_.increment();
  if (!unkept_log_.allow(clock_.tick())) return;
  log_error("dead letter could not be written, its span is kept in the journal",
            {{"lane", lane_}, {"error", error.message}});
}

void LaneReport::tell_losses() {
  const Tick now = clock_.tick();
  for (auto& [names, loss] : untold_) {
    if (loss.spans == 0 || now - kTellEvery < loss.told) continue;
    log_error(
        "spans were not delivered",
        {{"lane", lane_}, {"word", names.first}, {"reason", names.second}, {"spans", loss.spans}});
    loss = {0, now};
  }
}

}  // namespace dualtrace::agent
