#pragma once
// Log: one JSON object a line on stderr, on spdlog. The message is a fixed sentence; what varies goes
// into fields. ERROR: data lost or a human must act. WARN: odd but recovered. INFO: life cycle. DEBUG:
// never per item on a hot path. Secrets are never passed to it.
// Thread-safe.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace dualtrace {

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;

  LogField(std::string_view n, std::string_view v) : name(n), value(v) {}
  LogField(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  LogField(std::string_view n, bool v) : name(n), value(v) {}
  LogField(std::string_view n, double v) : name(n), value(v) {}
  template <typename Integer>
    requires(std::is_integral_v<Integer> && std::is_signed_v<Integer>)
  LogField(std::string_view n, Integer v) : name(n), value(static_cast<int64_t>(v)) {}
  template <typename Integer>
    requires(std::is_integral_v<Integer> && std::is_unsigned_v<Integer> &&
             !std::is_same_v<Integer, bool>)
  LogField(std::string_view n, Integer v) : name(n), value(static_cast<uint64_t>(v)) {}
};

using LogFields = std::initializer_list<LogField>;

void log_debug(std::string_view message, LogFields fields = {});
void log_info(std::string_view message, LogFields fields = {});
void log_warn(std::string_view message, LogFields fields = {});
void log_error(std::string_view message, LogFields fields = {});

enum class LogSeverity { kDebug, kInfo, kWarn, kError };
void set_log_severity(LogSeverity least);

// Lets through one message per interval and counts the others; one static object a call site.
class LogLimiter {
 public:
  explicit LogLimiter(int64_t interval_seconds) : interval_seconds_(interval_seconds) {}
  // True when the site may log now; `suppressed` is how many it may not have logged since.
  bool allow(uint64_t& suppressed);

 private:
  struct State;
  const int64_t interval_seconds_;
};

}  // namespace dualtrace
