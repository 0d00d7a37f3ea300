// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigReload: looks at the configuration's file and has a changed one applied, or says why not;
// whatever is wrong with it, the one that is in force stays. config_watch.h says when to look.
// look() is used from one thread; snapshot() is thread-safe.

#include <functional>
#include <optional>
#include <string>

#include "agent/app/config_file.h"
#include "common/metric/metric.h"
#include "common/report/report.h"
#include "common/sync/mutex.h"
#include "common/time/clock.h"

namespace dualtrace::agent {

class ConfigReload {
 public:
  enum class Applied { kYes, kRestartNeeded };
  using Apply = std::function<Applied(const AgentConfig&)>;

  // `running` is the text that is in force. The references outlive it.
  ConfigReload(ConfigFile file, std::string running, Apply apply, Clock& clock,
               MetricRegistry& metrics);

  // What changed is judged when two looks have found the same: a file that is being written is not
  // read half.
  enum class Found { kNothing, kChanging, kJudged };
  Found look();
  [[nodiscard]] report::Configuration snapshot() const;

 private:
  // The text, or why it cannot be read.
  struct Reading {
    std::string text;
    std::optional<std::string> failure;
    bool operator==(const Reading&) const = default;
  };

  [[nodiscard]] Reading read() const;
  void judge(const Reading& reading);
  void accept(const std::string& text);
  void refuse(const std::string& why);
  void postpone();
  void set_state(report::ConfigurationState state, std::string why);

  const ConfigFile file_;
  const Apply apply_;
  Clock& clock_;
  Counter& applied_;
  Counter& refused_;
  Counter& postponed_;

  // look()'s thread only.
  std::string running_;
  Reading judged_;
  std::optional<Reading> changing_;  // found by the last look

  mutable Mutex mutex_;
  report::Configuration snapshot_ DT_GUARDED_BY(mutex_);
};

}  // namespace dualtrace::agent
