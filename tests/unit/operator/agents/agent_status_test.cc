#include "operator/agents/agent_status.h"

#include <gtest/gtest.h>

#include "common/json/json.h"
#include "common/time/rfc3339.h"

namespace dualtrace::ctl {
namespace {

Json lane() {
  return {{"name", "arize"},
          {"state", "Paused"},
          {"spans", {{"accepted", 5}}},
          {"backlogBytes", 1234},
          {"oldestUndelivered", "2026-01-02T03:04:05Z"},
          {"lastDelivered", nullptr},
          {"lastError", {{"reason", "AuthRejected"}, {"message", "no"}, {"when", "now"}}},
          {"credential", {{"fingerprint", "abcd1234"}}}};
}

Json status() {
  return {{"version", "0.1.0"},
          {"lanes", Json::array({lane()})},
          {"configuration",
           {{"fingerprint", "f1"}, {"loaded", "2026-01-02T03:04:05Z"}, {"error", "refused"}}}};
}

AgentReport parsed(const Json& from) {
  auto report = parse_agent_status(from.dump());
  EXPECT_TRUE(report);
  return report ? *report : AgentReport{};
}

TEST(AgentStatus, ReadsWhatAnAgentSays) {
  const AgentReport report = parsed(status());
  EXPECT_EQ(report.config_fingerprint, "f1");
  EXPECT_EQ(report.config_error, "refused");
  ASSERT_EQ(report.lanes.size(), 1U);
  const LaneReport& read = report.lanes[0];
  EXPECT_EQ(read.name, "arize");
  EXPECT_EQ(read.state, "Paused");
  EXPECT_EQ(read.error_reason, "AuthRejected");
  EXPECT_EQ(read.error_message, "no");
  EXPECT_EQ(read.backlog_bytes, 1234U);
  EXPECT_EQ(read.oldest_undelivered, parse_rfc3339("2026-01-02T03:04:05Z"));
  EXPECT_EQ(read.last_delivered, std::nullopt);
  EXPECT_EQ(read.credential_fingerprint, "abcd1234");
}

TEST(AgentStatus, BearsWithAgentsOfOtherVersions) {
  const AgentReport report =
      parsed({{"lanes", Json::array({{{"name", "arize"}, {"lastError", nullptr}}, "new"})},
              {"configuration", {{"error", nullptr}}},
              {"added", "later"}});
  EXPECT_EQ(report.config_error, "");
  EXPECT_EQ(report.lanes.size(), 2U);
  EXPECT_EQ(report.lanes[0].error_reason, "");
  EXPECT_EQ(parsed({{"lanes", Json::array({{{"backlogBytes", -1}}})}}).lanes[0].backlog_bytes, 0U);
}

TEST(AgentStatus, RefusesWhatNoAgentSays) {
  for (const char* body : {"", "<html>", "[]", "{}", "{\"lanes\":"}) {
    EXPECT_EQ(parse_agent_status(body).error().kind, ErrorKind::kInvalid) << body;
  }
}

TEST(AgentStatus, CutsWhatIsTooLongBetweenCharacters) {
  Json long_one = status();
  std::string message;
  for (int i = 0; i < 400; ++i) message += "ä";
  long_one["lanes"][0]["lastError"]["message"] = "x" + message;
  for (int i = 0; i < 20; ++i) long_one["lanes"].push_back(lane());
  const AgentReport report = parsed(long_one);
  EXPECT_EQ(report.lanes.size(), 8U);
  EXPECT_EQ(report.lanes[0].error_message.size(), 511U);
  EXPECT_TRUE(("x" + message).starts_with(report.lanes[0].error_message));
}

TEST(AgentStatus, TellsStatesFromNumbers) {
  const auto after = [](const auto& edit) {
    Json changed = status();
    edit(changed);
    return compare_reports(parsed(status()), parsed(changed));
  };
  EXPECT_EQ(after([](Json&) {}), ReportChange::kNone);
  EXPECT_EQ(after([](Json& json) { json["lanes"][0]["spans"]["accepted"] = 9; }),
            ReportChange::kNone);
  EXPECT_EQ(after([](Json& json) { json["lanes"][0]["backlogBytes"] = 9; }),
            ReportChange::kNumbers);
  EXPECT_EQ(after([](Json& json) { json["lanes"][0]["lastError"]["message"] = "still no"; }),
            ReportChange::kNumbers);
  EXPECT_EQ(after([](Json& json) { json["lanes"][0]["state"] = "Idle"; }), ReportChange::kState);
  EXPECT_EQ(after([](Json& json) { json["lanes"][0]["credential"]["fingerprint"] = "9"; }),
            ReportChange::kState);
  EXPECT_EQ(after([](Json& json) { json["lanes"].clear(); }), ReportChange::kState);
  EXPECT_EQ(after([](Json& json) { json["configuration"]["fingerprint"] = "f2"; }),
            ReportChange::kState);
  AgentReport gone;
  gone.unreachable = "refused";
  EXPECT_EQ(compare_reports(parsed(status()), gone), ReportChange::kState);
  AgentReport still_gone;
  still_gone.unreachable = "no answer in time";
  EXPECT_EQ(compare_reports(gone, still_gone), ReportChange::kNumbers);
}

}  // namespace
}  // namespace dualtrace::ctl
