// SPDX-License-Identifier: Apache-2.0
#include "common/kube/program.h"

#include <gtest/gtest.h>

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Result<std::string> run(const std::string& script, Duration time_limit = seconds(30),
                        size_t output_bytes_max = 1000) {
  const SystemClock clock;
  return run_program(
      {.command = "sh", .arguments = {"-c", script}, .environment = {{"ADDED", "x y"}}}, time_limit,
      output_bytes_max, clock);
}

TEST(RunProgram, GivesBackWhatItPrints) {
  EXPECT_EQ(*run("echo out; echo err >&2 2>/dev/null"), "out\n");
  EXPECT_EQ(*run("true"), "");
  EXPECT_EQ(*run("i=0; while [ $i -lt 200 ]; do echo 1234; i=$((i+1)); done"), [] {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "1234\n";
    return text;
  }());
}

TEST(RunProgram, AddsToTheEnvironmentAndGivesNothingToRead) {
  EXPECT_EQ(*run("printf '%s' \"$ADDED\""), "x y");
  EXPECT_NE(*run("printf '%s' \"$PATH\""), "");
  EXPECT_EQ(*run("cat"), "");
}

TEST(RunProgram, SaysHowItFailed) {
  EXPECT_EQ(run("echo secret; exit 3").error(),
            (Error{ErrorKind::kUnavailable, "it ended with 3"}));
  EXPECT_EQ(run("kill -9 $$").error(), (Error{ErrorKind::kUnavailable, "it was killed"}));
  const SystemClock clock;
  EXPECT_EQ(run_program({.command = "/no/such/program"}, seconds(30), 10, clock).error().kind,
            ErrorKind::kNotFound);
}

TEST(RunProgram, KillsWhatTakesTooLong) {
  EXPECT_EQ(run("sleep 100", milliseconds(50)).error(),
            (Error{ErrorKind::kCancelled, "it did not end in time"}));
}

TEST(RunProgram, KillsWhatPrintsTooMuch) {
  EXPECT_EQ(run("while :; do echo 1234567890; done").error(),
            (Error{ErrorKind::kExhausted, "it printed too much"}));
}

TEST(RunProgram, WaitsForNoChildThatItLeftBehind) {
  EXPECT_EQ(*run("sleep 100 & echo done"), "done\n");
}

}  // namespace
}  // namespace dualtrace::kube
