// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConfigReload: checks the configuration file and applies a changed one, or reports why it cannot.
// If anything is wrong with the file, the configuration in force stays. config_watch.h decides when
// to check.
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

  // `running` is the text of the configuration in force. The references outlive the object.
  ConfigReload(ConfigFile file, std::string running, Apply apply, Clock& clock,
               MetricRegistry& metrics);

  // A change is evaluated only when two consecutive reads returned the same text, so that a
  // half-written file is not applied.
  enum class Found { kNothing, kChanging, kJudged };
  Found look();
  [[nodiscard]] report::Configuration snapshot() const;

 private:
  // The text of the file, or why it cannot be read.
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
