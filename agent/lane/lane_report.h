// SPDX-License-Identifier: Apache-2.0
#pragma once
// LaneReport: what the lane reports to people, in addition to its status: counters by reason, and
// log lines. Losses are counted one by one and logged together, at most once a minute per kind, so
// that a destination that refuses everything does not flood the log. Used from one thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "agent/journal/journal_lane.h"
#include "agent/lane/losses.h"
#include "agent/send/exporter.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/metric/metric.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class LaneReport {
 public:
  // The references must outlive it. `losses` are those of the lane that this one takes over from.
  LaneReport(std::string lane, const Clock& clock, MetricRegistry& metrics, Losses losses);

  void answered(const Outcome& outcome, Duration took, size_t bytes);
  // `message` is the destination's answer about them, if any.
  void undelivered(report::LossWord word, std::string_view reason, uint64_t spans,
                   std::string_view message = {});
  // What the process that had this journal before noted (Losses::note()). They are reported again,
  // but not counted again.
  void resume(std::string_view note);
  void retrying(const Outcome& outcome, Duration delay);
  void paused(const Outcome& outcome);
  void delivering_again();
  void damaged(const JournalDamage& damage);
  void journal_failed(const Error& error);
  void dead_letter_unkept(const Error& error);

  // Logs the losses since the last call that logged, if that was a minute ago. Call it
  // regularly.
  void tell_losses();
  // For the status; counted all the time.
  [[nodiscard]] const Losses& losses() const { return counted_; }

 private:
  static constexpr Duration kRepeat = std::chrono::seconds(10);

  struct Untold {
    uint64_t spans = 0;
    Tick told{Duration::min()};
  };
  using Names = std::pair<std::string, std::string>;

  Counter& by_names(std::map<Names, Counter*>& known, const std::string& metric,
                    const std::string& help, const char* first_label, Names names);

  const std::string lane_;
  const Clock& clock_;
  MetricRegistry& metrics_;
  Histogram& request_seconds_;
  Histogram& request_bytes_;
  Counter& journal_failures_;
  Counter& unkept_;
  std::map<Names, Counter*> requests_;
  std::map<Names, Counter*> undelivered_;
  std::map<Names, Untold> untold_;
  Losses counted_;
  LogLimiter retrying_log_{kRepeat};
  LogLimiter paused_log_{kRepeat};
  LogLimiter delivering_log_{kRepeat};
  LogLimiter journal_log_{kRepeat};
  LogLimiter unkept_log_{kRepeat};
};

}  // namespace dualtrace::agent
