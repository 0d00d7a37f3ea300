// SPDX-License-Identifier: Apache-2.0
#pragma once
// Log: one JSON object per line on stderr, on spdlog. The message is a fixed sentence; variable
// data goes into fields. ERROR: data was lost or a person must act. WARN: unusual but recovered.
// INFO: life cycle. DEBUG: never per item on a hot path. Secrets are never passed to it.
// Thread-safe.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/time/clock.h"

namespace dualtrace {

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  LogField(std::string_view n, std::signed_integral auto v)
      : name(n), value(static_cast<int64_t>(v)) {}
  LogField(std::string_view n, std::unsigned_integral auto v)
      : name(n), value(static_cast<uint64_t>(v)) {}
};

using LogFields = std::initializer_list<LogField>;

void log_debug(std::string_view message, LogFields fields = {});
void log_info(std::string_view message, LogFields fields = {});
void log_warn(std::string_view message, LogFields fields = {});
void log_error(std::string_view message, LogFields fields = {});

enum class LogSeverity { kDebug, kInfo, kWarn, kError, kNone };
void set_log_severity(LogSeverity least);

// Allows one message per interval and counts the others; use one object per call site.
class LogLimiter {
 public:
  explicit LogLimiter(Duration interval) : interval_(interval) {}

  // If the site may log now: the number of messages suppressed since the last one. Otherwise
  // nullopt.
  std::optional<uint64_t> allow(Tick now);

 private:
  const Duration interval_;
  std::atomic<int64_t> next_{std::numeric_limits<int64_t>::min()};  // nanoseconds on the tick
  std::atomic<uint64_t> suppressed_{0};
};

}  // namespace dualtrace
