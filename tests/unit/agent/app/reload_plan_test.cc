// SPDX-License-Identifier: Apache-2.0
#include "agent/app/reload_plan.h"

#include <gtest/gtest.h>

namespace dualtrace::agent {
namespace {

using Lanes = std::vector<std::string>;

std::string arize(const std::string& rest) {
  return "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}" + rest + "}\n";
}
std::string databricks(const std::string& rest) {
  return "databricks: {workspaceURL: 'https://w.example', table: a.b.c" + rest + "}\n";
}
const std::string kArize = arize("");
const std::string kDatabricks = databricks(", auth: {tokenFile: t}");

AgentConfig parsed(const std::string& yaml) {
  ConfigOrFaults result = parse_agent_config(yaml, "/etc/dualtrace");
  EXPECT_TRUE(result.config) << to_string(result.faults);
  return std::move(result.config).value();
}

ReloadPlan from_both_to(const std::string& yaml) {
  return plan_reload(parsed(kArize + kDatabricks), parsed(yaml));
}

TEST(ReloadPlan, ReplacesNoLaneWhenNothingChanges) {
  EXPECT_EQ(from_both_to("# the same\n" + kDatabricks + kArize), ReloadPlan());
}

TEST(ReloadPlan, ReplacesTheLaneWhoseDestinationChanges) {
  EXPECT_EQ(from_both_to(kArize + databricks(", auth: {tokenFile: other}")).lanes,
            Lanes{"databricks"});
  EXPECT_EQ(from_both_to(kArize + databricks(", auth: {tokenFile: t}, compression: GZIP")).lanes,
            Lanes{"databricks"});
  for (const char* change :
       {", protocol: HTTP", ", caFile: c", ", compression: None", ", proxyURL: 'http://p:1'"}) {
    EXPECT_EQ(from_both_to(arize(change) + kDatabricks).lanes, Lanes{"arize"}) << change;
  }
}

TEST(ReloadPlan, ReplacesBothLanesWhenWhatTheyShareChanges) {
  for (const char* change :
       {"maxAge: 1h", "maxBacklog: 1Gi", "batchBytes: 2Mi", "batchBytesMax: 3Mi", "linger: 1s",
        "requestsInFlight: 2", "requestTimeout: 9s", "retryBase: 2s", "retryMax: 9s",
        "pauseProbe: 9s", "maxDeadLetters: 1Mi"}) {
    const ReloadPlan plan = from_both_to(kArize + kDatabricks + "delivery: {" + change + "}\n");
    EXPECT_EQ(plan.lanes, (Lanes{"arize", "databricks"})) << change;
    EXPECT_FALSE(plan.restart_needed) << change;
  }
}

TEST(ReloadPlan, ReplacesNoLaneForWhatTheIntakeAndTheProcessUse) {
  EXPECT_EQ(from_both_to(arize(", project: p") + kDatabricks +
                         "resourceAttributes: {a: b}\ndrainTimeout: 1s\nlogLevel: Warn\n"
                         "delivery: {minFreeDisk: 20Gi}\n"),
            ReloadPlan());
}

TEST(ReloadPlan, DoesNothingOfAConfigurationThatNeedsARestart) {
  const ReloadPlan restart{.restart_needed = true, .lanes = {}};
  EXPECT_EQ(from_both_to(kArize), restart);
  EXPECT_EQ(from_both_to(arize(", protocol: HTTP") + kDatabricks + "receiver: {threads: 2}\n"),
            restart);
  EXPECT_EQ(from_both_to(kArize + kDatabricks + "delivery: {folder: /else, maxAge: 1h}\n"),
            restart);
}

TEST(ReloadPlan, KnowsAnAgentWithOneDestination) {
  EXPECT_EQ(plan_reload(parsed(kArize), parsed(kArize + "delivery: {maxAge: 1h}\n")).lanes,
            Lanes{"arize"});
  EXPECT_TRUE(plan_reload(parsed(kArize), parsed(kArize + kDatabricks)).restart_needed);
}

}  // namespace
}  // namespace dualtrace::agent
