// SPDX-License-Identifier: Apache-2.0
#include "agent/app/config_reload.h"

#include <utility>

#include "common/config/fingerprint.h"
#include "common/log/log.h"

namespace dualtrace::agent {
namespace {

using State = report::ConfigurationState;

constexpr const char* kRestartNeeded =
    "a running agent cannot change receiver, observe, delivery.folder, delivery.durability, "
    "delivery.segmentBytes or the set of destinations; restart the agent";
// Nobody reads a longer list of faults.
constexpr size_t kErrorBytesMax = 2000;

Counter& reloads(MetricRegistry& metrics, const char* result) {
  return metrics.counter("dualtrace_config_reloads_total", "Changed configurations, by result.",
                         {{"result", result}});
}

std::string shortened(std::string text) {
  if (text.size() <= kErrorBytesMax) return text;
  return text.substr(0, kErrorBytesMax) + " …";
}

}  // namespace

ConfigReload::ConfigReload(ConfigFile file, std::string running, Apply apply, Clock& clock,
                           MetricRegistry& metrics)
    : file_(std::move(file)),
      apply_(std::move(apply)),
      clock_(clock),
      applied_(reloads(metrics, "applied")),
      refused_(reloads(metrics, "refused")),
      postponed_(reloads(metrics, "restart_needed")),
      running_(std::move(running)),
      judged_{running_, std::nullopt},
      snapshot_{config_fingerprint(running_), clock.wall(), State::kInForce} {}

ConfigReload::Found ConfigReload::look() {
  Reading reading = read();
  if (reading == judged_) {
    changing_.reset();
    return Found::kNothing;
  }
  if (reading != changing_) {
    changing_ = std::move(reading);
    return Found::kChanging;
  }
  changing_.reset();
  judge(reading);
  judged_ = std::move(reading);
  return Found::kJudged;
}

ConfigReload::Reading ConfigReload::read() const {
  Result<std::string> text = file_.read();
  if (!text) return {{}, text.error().message};
  return {*std::move(text), std::nullopt};
}

void ConfigReload::judge(const Reading& reading) {
  if (reading.failure) return refuse(*reading.failure);
  if (reading.text == running_) {
    log_info("the configuration file again matches the configuration in force");
    return set_state(State::kInForce, "");
  }
  const Result<AgentConfig> config = file_.parse(reading.text);
  if (!config) return refuse(config.error().message);
  if (apply_(*config) == Applied::kRestartNeeded) return postpone();
  accept(reading.text);
}

void ConfigReload::accept(const std::string& text) {
  running_ = text;
  const std::string fingerprint = config_fingerprint(text);
  applied_.increment();
  log_info("configuration reloaded", {{"fingerprint", fingerprint}});
  const WallTime now = clock_.wall();
  Lock lock(mutex_);
  snapshot_ = {fingerprint, now, State::kInForce};
}

void ConfigReload::refuse(const std::string& why) {
  refused_.increment();
  log_error("the changed configuration is invalid; the previous one stays in force",
            {{"file", file_.path()}, {"why", shortened(why)}});
  set_state(State::kRefused, why);
}

void ConfigReload::postpone() {
  postponed_.increment();
  log_warn("the changed configuration needs a restart; the previous one stays in force",
           {{"file", file_.path()}});
  set_state(State::kNeedsRestart, kRestartNeeded);
}

void ConfigReload::set_state(State state, std::string why) {
  why = shortened(std::move(why));
  Lock lock(mutex_);
  snapshot_.state = state;
  snapshot_.why = std::move(why);
}

report::Configuration ConfigReload::snapshot() const {
  Lock lock(mutex_);
  return snapshot_;
}

}  // namespace dualtrace::agent
