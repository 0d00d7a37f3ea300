// SPDX-License-Identifier: Apache-2.0
#include "common/log/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

namespace dualtrace {
namespace {

// Never destroyed, so that objects with static storage duration can log while the process exits.
spdlog::logger& logger() {
  static spdlog::logger& instance = []() -> spdlog::logger& {
    auto* made = new spdlog::logger("dualtrace", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v", spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::info);
    return *made;
  }();
  return instance;
}

// RFC 3339 in UTC with milliseconds.
std::string format_time(WallTime when) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(when - seconds).count();
  const std::time_t time = seconds.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> date{};
  const size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", std::string_view(date.data(), length), millis);
}

void write_line(spdlog::level::level_enum level, std::string_view level_name,
                std::string_view message, LogFields fields) {
  if (!logger().should_log(level)) return;
  nlohmann::ordered_json line;
  line["time"] = format_time(SystemClock().wall());
  line["level"] = level_name;
  line["message"] = message;
  for (const LogField& field : fields) {
    // emplace() keeps existing members, so a field cannot replace the three above.
    std::visit([&](const auto& value) { line.emplace(field.name, value); }, field.value);
  }
  using json = nlohmann::ordered_json;
  logger().log(level, line.dump(-1, ' ', false, json::error_handler_t::replace));
}

spdlog::level::level_enum to_spdlog(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kDebug:
      return spdlog::level::debug;
    case LogSeverity::kInfo:
      return spdlog::level::info;
    case LogSeverity::kWarn:
      return spdlog::level::warn;
    case LogSeverity::kError:
      return spdlog::level::err;
    case LogSeverity::kNone:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

void log_debug(std::string_view message, LogFields fields) {
  write_line(spdlog::level::debug, "debug", message, fields);
}

void log_info(std::string_view message, LogFields fields) {
  write_line(spdlog::level::info, "info", message, fields);
}

void log_warn(std::string_view message, LogFields fields) {
  write_line(spdlog::level::warn, "warn", message, fields);
}

void log_error(std::string_view message, LogFields fields) {
  write_line(spdlog::level::err, "error", message, fields);
}

void set_log_severity(LogSeverity least) { logger().set_level(to_spdlog(least)); }

std::optional<uint64_t> LogLimiter::allow(Tick now) {
  const int64_t nanos = now.time_since_epoch().count();
  int64_t next = next_.load(std::memory_order_relaxed);
  // Of the threads that arrive together after the interval, only the one that moves it may log.
  if (nanos < next ||
      !next_.compare_exchange_strong(next, nanos + interval_.count(), std::memory_order_relaxed)) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return suppressed_.exchange(0, std::memory_order_relaxed);
}

}  // namespace dualtrace
