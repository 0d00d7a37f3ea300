// SPDX-License-Identifier: Apache-2.0
#include "agent/observe/snapshot_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/observe/ledger.h"
#include "tests/unit/agent/observe/sample_snapshot.h"

namespace dualtrace::agent {
namespace {

TEST(SnapshotReport, SaysEverythingTheOperatorAsks) {
  const auto status = nlohmann::json::parse(report::to_json(report_of(sample_snapshot())));
  EXPECT_EQ(status["version"], "0.1.0");
  EXPECT_EQ(status["uptimeSeconds"], 3700.0);
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["configuration"]["fingerprint"], "0123456789ab");
  EXPECT_EQ(status["configuration"]["loaded"], "2023-11-14T22:14:20Z");
  EXPECT_EQ(status["configuration"]["state"], "InForce");
  EXPECT_EQ(status["configuration"]["error"], nullptr);
  const auto& lane = status["lanes"][1];
  EXPECT_EQ(lane["name"], "databricks");
  EXPECT_EQ(lane["state"], "Paused");
  EXPECT_EQ(lane["spans"]["accepted"], 100);
  EXPECT_EQ(lane["spans"]["dead_lettered"], 1);
  EXPECT_EQ(lane["spans"]["backlog"], 85);
  EXPECT_EQ(lane["balanced"], true);
  EXPECT_EQ(lane["backlogBytes"], 3'000'000);
  EXPECT_EQ(lane["oldestUndeliveredSeconds"], 250.0);
  EXPECT_EQ(lane["lastDelivered"], nullptr);
  EXPECT_EQ(lane["lastError"]["reason"], "EverythingRefused");
  EXPECT_EQ(lane["lastError"]["cause"], "InvalidData");
  EXPECT_EQ(lane["lastError"]["when"], "2023-11-14T23:14:55Z");
  EXPECT_EQ(status["lanes"][0]["credential"]["fingerprint"], "0a1b2c3d");
  EXPECT_EQ(status["lanes"][0]["connectionFiles"][0]["fingerprint"], "4e5f6071");
  EXPECT_EQ(status["lanes"][0]["lastError"], nullptr);
  EXPECT_EQ(status["journals"][0]["diskBytes"], 192 << 20);
  EXPECT_EQ(status["journals"][1]["adopted"], true);
  EXPECT_EQ(status["disk"], "2a-65f0-7");
  EXPECT_EQ(status["admission"]["bytes"], 1024);
}

// The agent's report and the operator's parser agree.
TEST(SnapshotReport, IsReadAsItIsWritten) {
  const report::Agent said = report_of(sample_snapshot());
  const auto read = report::parse(report::to_json(said));
  ASSERT_TRUE(read);
  report::Agent expected = said;
  expected.lanes[1].last_error->message = "<b>token \uFFFD</b>";  // JSON is UTF-8
  EXPECT_EQ(*read, expected);
}

TEST(SnapshotReport, SaysWhyTheNewestConfigurationIsNotInForce) {
  AgentSnapshot snapshot = sample_snapshot();
  snapshot.configuration.state = report::ConfigurationState::kNeedsRestart;
  snapshot.configuration.why = "restart the agent";
  const auto status = nlohmann::json::parse(report::to_json(report_of(snapshot)));
  EXPECT_EQ(status["configuration"]["state"], "NeedsRestart");
  EXPECT_EQ(status["configuration"]["error"], "restart the agent");
  EXPECT_EQ(status["ready"], true) << "the previous one stays in use";
}

TEST(SnapshotReport, IsReadyWhenItCanAcceptAndStore) {
  AgentSnapshot snapshot = sample_snapshot();
  EXPECT_EQ(why_not_ready(snapshot), std::nullopt)
      << "a paused lane and an adopted journal are no reason";
  snapshot.journals[0].health.refusing = true;
  EXPECT_NE(why_not_ready(snapshot), std::nullopt);
  snapshot.journals[0].health.refusing = false;
  snapshot.listening = false;
  EXPECT_NE(why_not_ready(snapshot), std::nullopt);
}

TEST(Ledger, BalancesWhenEverySpanIsUnderOneWord) {
  LaneBooks books;
  books.accepted = 21;
  books.settled = {.delivered = 1, .rejected = 2, .dead_lettered = 3, .expired = 4, .filtered = 5};
  books.backlog_spans = 6;
  EXPECT_TRUE(balanced(books));
  ++books.accepted;
  EXPECT_FALSE(balanced(books));
}

TEST(Ledger, ListsEveryWord) {
  SpanCounts counts;
  uint64_t next = 1;
  for (const LedgerWord& word : kLedgerWords) counts.*word.count = next++;
  EXPECT_EQ(counts.sum(), 1u + 2 + 3 + 4 + 5);
}

}  // namespace
}  // namespace dualtrace::agent
