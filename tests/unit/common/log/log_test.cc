// SPDX-License-Identifier: Apache-2.0
#include "common/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

namespace dualtrace {
namespace {

using testing::MatchesRegex;

// Returns the output of `write` to stderr.
template <typename Write>
std::string captured(Write write) {
  testing::internal::CaptureStderr();
  write();
  return testing::internal::GetCapturedStderr();
}

template <typename Write>
nlohmann::json captured_json(Write write) {
  return nlohmann::json::parse(captured(write));
}

TEST(Log, WritesOneJsonObjectALine) {
  const std::string text = captured([] {
    log_info("agent started", {{"port", 4317}});
    log_error("segment damaged", {{"segment", uint64_t{17}}});
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  const nlohmann::json first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["level"], "info");
  EXPECT_EQ(first["message"], "agent started");
  EXPECT_EQ(first["port"], 4317);
  EXPECT_THAT(text, testing::StartsWith("{\"time\":"));
}

TEST(Log, StampsLinesInUtcWithMilliseconds) {
  const nlohmann::json line = captured_json([] { log_warn("odd"); });
  EXPECT_THAT(line["time"].get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z"));
  EXPECT_EQ(line["level"], "warn");
}

TEST(Log, KeepsTheTypesOfFields) {
  const nlohmann::json line = captured_json([] {
    log_info("types", {{"text", "a"},
                       {"negative", -5},
                       {"large", std::numeric_limits<uint64_t>::max()},
                       {"ratio", 0.5},
                       {"yes", true}});
  });
  EXPECT_EQ(line["text"], "a");
  EXPECT_EQ(line["negative"], -5);
  EXPECT_EQ(line["large"], std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(line["ratio"], 0.5);
  EXPECT_EQ(line["yes"], true);
}

TEST(Log, EscapesWhatWouldBreakTheLine) {
  const std::string hostile = "a\"b\\c\n{\"level\":\"error\"}\x01";
  const std::string text = captured([&] { log_info("echo", {{"value", hostile}}); });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(nlohmann::json::parse(text)["value"], hostile);
}

TEST(Log, ReplacesInvalidUtf8) {
  const nlohmann::json line = captured_json([] { log_info("echo", {{"value", "a\xff z"}}); });
  EXPECT_EQ(line["value"], "a\xef\xbf\xbd z");
}

TEST(Log, DoesNotReadFormatCharactersInMessages) {
  EXPECT_EQ(captured_json([] { log_info("{} %s %v"); })["message"], "{} %s %v");
}

TEST(Log, LetsNoFieldChangeTheMessage) {
  const nlohmann::json line = captured_json([] { log_info("true", {{"message", "false"}}); });
  EXPECT_EQ(line["message"], "true");
}

TEST(Log, DropsWhatIsBelowTheSeverity) {
  EXPECT_EQ(captured([] { log_debug("not by default"); }), "");
  set_log_severity(LogSeverity::kError);
  EXPECT_EQ(captured([] { log_warn("too low"); }), "");
  set_log_severity(LogSeverity::kDebug);
  EXPECT_EQ(captured_json([] { log_debug("now"); })["level"], "debug");
  set_log_severity(LogSeverity::kInfo);
}

TEST(LogLimiter, LetsOneThroughPerIntervalAndCountsTheOthers) {
  LogLimiter limiter(std::chrono::seconds(10));
  const Tick start{std::chrono::seconds(100)};
  EXPECT_EQ(limiter.allow(start), 0);
  EXPECT_EQ(limiter.allow(start + std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(limiter.allow(start + std::chrono::seconds(9)), std::nullopt);
  EXPECT_EQ(limiter.allow(start + std::chrono::seconds(10)), 2);
  EXPECT_EQ(limiter.allow(start + std::chrono::seconds(20)), 0);
}

TEST(LogLimiter, CountsEachMessageOnceFromManyThreads) {
  constexpr uint64_t kThreads = 4;
  constexpr uint64_t kEach = 1000;
  LogLimiter limiter(std::chrono::hours(1));
  std::atomic<uint64_t> allowed{0};
  {
    std::vector<std::jthread> threads;
    for (uint64_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (uint64_t n = 0; n < kEach; ++n) {
          if (limiter.allow(Tick{})) ++allowed;
        }
      });
    }
  }
  EXPECT_EQ(allowed, 1);
  EXPECT_EQ(limiter.allow(Tick{std::chrono::hours(2)}), kThreads * kEach - 1);
}

}  // namespace
}  // namespace dualtrace
