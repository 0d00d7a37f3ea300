// SPDX-License-Identifier: Apache-2.0
#include "operator/agents/report_change.h"

#include <gtest/gtest.h>

#include "common/json/json.h"

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
  auto says = report::parse(from.dump());
  EXPECT_TRUE(says);
  return {.node = "node-1", .pod = "pod-1", .says = says ? *std::move(says) : report::Agent{}};
}

TEST(ReportChange, TellsStatesFromNumbers) {
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
  EXPECT_EQ(after([](Json& json) {
              json["lanes"][0]["credentials"] = {{{"part", "apiKey"}, {"state", "Missing"}}};
            }),
            ReportChange::kState);
  EXPECT_EQ(after([](Json& json) {
              json["lanes"][0]["connectionFiles"] = {{{"part", "ca"}, {"state", "Loaded"}}};
            }),
            ReportChange::kState);
  const auto with_loss = [](int lately) {
    return [lately](Json& json) {
      json["lanes"][0]["losses"] = {{{"word", "expired"}, {"spans", 9}, {"spansLately", lately}}};
    };
  };
  EXPECT_EQ(after(with_loss(3)), ReportChange::kState);
  EXPECT_EQ(after(with_loss(0)), ReportChange::kNumbers);
  EXPECT_EQ(after([](Json& json) { json["admission"]["bytesMax"] = 7; }), ReportChange::kNumbers);
  const auto losing = [](const std::string& reason) {
    Json json = status();
    json["lanes"][0]["losses"] = {{{"word", "expired"}, {"reason", reason}, {"spansLately", 3}}};
    return parsed(json);
  };
  EXPECT_EQ(compare_reports(losing("Age"), losing("Backlog")), ReportChange::kState);
  AgentReport gone;
  gone.unreachable = "refused";
  EXPECT_EQ(compare_reports(parsed(status()), gone), ReportChange::kState);
  AgentReport still_gone;
  still_gone.unreachable = "no answer in time";
  EXPECT_EQ(compare_reports(gone, still_gone), ReportChange::kNumbers);
}

}  // namespace
}  // namespace dualtrace::ctl
