// SPDX-License-Identifier: Apache-2.0
// What shows each reason besides the status: the time series of the agents, and the documentation.

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "operator/status/reasons.h"

namespace dualtrace::ctl {
namespace {

struct Shown {
  Reason reason;
  std::string series;  // of an agent; "": none, because the agents do not know, or all is well
};

std::string lane_state(report::LaneState state) {
  return "dualtrace_lane_state{state=\"" + std::string(to_string(state)) + "\"}";
}

std::string undelivered(report::LossWord word) {
  return "dualtrace_lane_undelivered_spans_total{word=\"" + std::string(to_string(word)) + "\"}";
}

std::vector<Shown> all_shown() {
  using namespace reason;
  using report::LaneState;
  using report::LossWord;
  const std::string credentials = "dualtrace_credentials_loaded";
  std::vector<Shown> shown = {
      {kReady, ""},
      {kValid, ""},
      {kConsentAssumed, ""},
      {kInvalid, ""},
      {kNotPermitted, ""},
      {kRefusedByAgents, "dualtrace_config_last_reload_successful"},
      {kSynced, ""},
      {kCredentialExpiring, ""},
      {kCredentialExpired, ""},
      {kSecretMissing, credentials},
      {kKeyMissing, credentials},
      {kValueEmpty, credentials},
      {kSpaceIdMalformed, credentials},
      {kValueUnusable, credentials},
      {kNotMounted, credentials},
      {kSecretNotTaken, ""},
      {kCredentialRejected, "dualtrace_lane_requests_total{outcome=\"pause\"}"},
      {kRotationInProgress, ""},
      {kSecretUnreadable, ""},
      {kCredentialsUnlooked, ""},
      {kAvailable, ""},
      {kScaledToZero, ""},
      {kServedByOtherNodes, ""},
      {kPodsUnavailable, "dualtrace_agent_ready"},
      {kCannotStore, "dualtrace_agent_ready"},
      {kPodsUnserved, ""},
      {kPodsShutOut, ""},
      {kNoNodes, ""},
      {kAgentsSilent, ""},
      {kPending, ""},
      {kApplying, ""},
      {kRollingOut, ""},
      {kReloading, "dualtrace_config_loaded_timestamp_seconds"},
      {kStalled, ""},
      {kNodesFailing, ""},
      {kStable, ""},
      {kApplyFailed, ""},
      {kNothingApplied, ""},
      {kDelivering, lane_state(LaneState::kDelivering)},
      {kIdle, lane_state(LaneState::kIdle)},
      {kPartlyRetrying, lane_state(LaneState::kRetrying)},
      {kRetrying, lane_state(LaneState::kRetrying)},
      {kNodesNotDelivering, "dualtrace_lane_oldest_undelivered_seconds"},
      {kSpansDeadLettered, undelivered(LossWord::kDeadLettered)},
      {kSpansRejected, undelivered(LossWord::kRejected)},
      {kSpansExpired, undelivered(LossWord::kExpired)},
      {kPaused, lane_state(LaneState::kPaused)},
      {kNoReports, ""}};
  for (const std::string_view why : report::kWords<report::PauseReason>) {
    shown.push_back({paused_for(*report::parse_word<report::PauseReason>(why)),
                     lane_state(LaneState::kPaused)});
  }
  return shown;
}

std::string page(const std::string& name) {
  std::ifstream file(std::string(DUALTRACE_DOCS "/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The row of a table that describes the metric; "" if there is none.
std::string row_of(const std::string& metric, const std::string& text) {
  const size_t begin = text.find("| `" + metric);
  if (begin == std::string::npos) return "";
  const char after = text[begin + 3 + metric.size()];
  if (after != '`' && after != '{') return "";
  return text.substr(begin, text.find('\n', begin) - begin);
}

TEST(Series, AreNamedForEachReason) {
  std::set<std::string> named;
  for (const Shown& one : all_shown()) {
    EXPECT_TRUE(named.insert(std::string(one.reason.type) + one.reason.name.data()).second)
        << one.reason.name;
  }
  for (const Reason& one : all_reasons()) {
    EXPECT_TRUE(named.contains(std::string(one.type) + one.name.data())) << one.name;
  }
  EXPECT_EQ(named.size(), all_reasons().size());
}

// With the label, and a state's value, where the reason is one value of several.
TEST(Series, AreDocumented) {
  const std::string text = page("metrics.md");
  for (const Shown& one : all_shown()) {
    if (one.series.empty()) continue;
    SCOPED_TRACE(std::string(one.reason.name) + ": " + one.series);
    const size_t brace = one.series.find('{');
    const std::string row = row_of(one.series.substr(0, brace), text);
    ASSERT_NE(row, "");
    if (brace == std::string::npos) continue;
    const std::string label = one.series.substr(brace + 1, one.series.find('=') - brace - 1);
    const std::string labels = row.substr(row.find('{'), row.find('}') - row.find('{'));
    EXPECT_NE(labels.find(label), std::string::npos) << row;
    if (label != "state") continue;
    const size_t value = one.series.find('"') + 1;
    const std::string state = one.series.substr(value, one.series.rfind('"') - value);
    EXPECT_NE(row.find("`" + state + "`"), std::string::npos) << row;
  }
}

// Whoever reads one in a message, a metric or a dead letter can look it up.
TEST(Reasons, OfAgentsAreAllDocumented) {
  const std::string text = page("operator.md") + page("operations.md");
  const auto expect_documented = [&](std::string_view reason) {
    EXPECT_NE(text.find("`" + std::string(reason) + "`"), std::string::npos) << reason;
  };
  for (const std::string_view reason : report::kWords<report::LossReason>) {
    expect_documented(reason);
  }
  for (const std::string_view reason : report::kWords<report::PauseReason>) {
    expect_documented(reason);
  }
}

}  // namespace
}  // namespace dualtrace::ctl
