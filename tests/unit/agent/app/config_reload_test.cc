// SPDX-License-Identifier: Apache-2.0
#include "agent/app/config_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/fingerprint.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/memory_file_system.h"

namespace dualtrace::agent {
namespace {

using Found = ConfigReload::Found;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr const char* kPath = "/etc/dualtrace/agent.yaml";
const std::string kRunning = "arize: {region: US, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";
const std::string kOther = "arize: {region: EU, credentials: {apiKeyFile: a, spaceIDFile: b}}\n";

class ConfigReloadTest : public testing::Test {
 protected:
  ConfigReloadTest() { EXPECT_TRUE(files.make_folders("/etc/dualtrace")); }
  void write(const std::string& text) { ASSERT_TRUE(write_file(files, kPath, text)); }
  // Looks until the reload has reached a verdict on the current file.
  Found settle() {
    Found found = Found::kChanging;
    while (found == Found::kChanging) found = reload.look();
    return found;
  }
  std::string error() { return reload.snapshot().why; }
  std::string metric(const std::string& result) {
    const std::string name = "dualtrace_config_reloads_total{result=\"" + result + "\"} ";
    const std::string text = metrics.text();
    const size_t at = text.find(name) + name.size();
    return text.substr(at, text.find('\n', at) - at);
  }

  FakeClock clock;
  MemoryFileSystem files;
  MetricRegistry metrics;
  std::vector<AgentConfig> applied;
  ConfigReload::Applied outcome = ConfigReload::Applied::kYes;
  ConfigReload reload{ConfigFile(kPath, files), kRunning,
                      [this](const AgentConfig& config) {
                        applied.push_back(config);
                        return outcome;
                      },
                      clock, metrics};
};

TEST_F(ConfigReloadTest, SaysWhatIsInForceAndSinceWhen) {
  const WallTime started = clock.wall();
  clock.advance(seconds(10));
  write(kRunning);
  EXPECT_EQ(settle(), Found::kNothing);
  EXPECT_EQ(reload.snapshot().fingerprint, config_fingerprint(kRunning));
  EXPECT_EQ(reload.snapshot().loaded, started);
  EXPECT_EQ(reload.snapshot().state, report::ConfigurationState::kInForce);
}

TEST_F(ConfigReloadTest, AppliesAChangedConfigurationOnce) {
  write(kOther);
  clock.advance(seconds(10));
  EXPECT_EQ(settle(), Found::kJudged);
  EXPECT_EQ(settle(), Found::kNothing);
  ASSERT_EQ(applied.size(), 1u);
  EXPECT_EQ(applied[0].arize->endpoint.authority.host, "otlp.eu-west-1a.arize.com");
  EXPECT_EQ(applied[0].arize->api_key_file, "/etc/dualtrace/a");
  EXPECT_EQ(reload.snapshot().fingerprint, config_fingerprint(kOther));
  EXPECT_EQ(reload.snapshot().loaded, clock.wall());
  EXPECT_EQ(metric("applied"), "1");
}

TEST_F(ConfigReloadTest, DoesNotJudgeAFileThatIsBeingWritten) {
  for (const char* text : {"", "arize: {region: EU", "arize: {region: EU, credentials:"}) {
    write(text);
    EXPECT_EQ(reload.look(), Found::kChanging) << text;
  }
  write(kOther);
  EXPECT_EQ(reload.look(), Found::kChanging);
  EXPECT_EQ(reload.look(), Found::kJudged);
  EXPECT_EQ(applied.size(), 1u);
  EXPECT_EQ(metric("refused"), "0");
}

TEST_F(ConfigReloadTest, ForgetsAChangeThatWasTakenBackBeforeItWasJudged) {
  write(kOther);
  EXPECT_EQ(reload.look(), Found::kChanging);
  write(kRunning);
  EXPECT_EQ(reload.look(), Found::kNothing);
  write(kOther);
  EXPECT_EQ(reload.look(), Found::kChanging);
  EXPECT_EQ(applied.size(), 0u);
}

TEST_F(ConfigReloadTest, RefusesAnInvalidConfigurationOnceAndKeepsTheOneBefore) {
  write("arize: {region: MARS, credentials: {apiKeyFile: a, spaceIDFile: b}}\n");
  EXPECT_EQ(settle(), Found::kJudged);
  EXPECT_EQ(settle(), Found::kNothing);
  EXPECT_EQ(applied.size(), 0u);
  EXPECT_THAT(error(), HasSubstr("arize.region: "));
  EXPECT_EQ(reload.snapshot().fingerprint, config_fingerprint(kRunning));
  EXPECT_EQ(reload.snapshot().state, report::ConfigurationState::kRefused);
  EXPECT_EQ(metric("refused"), "1");
}

TEST_F(ConfigReloadTest, TellsAFewOfManyFaults) {
  std::string text = kRunning;
  for (int i = 0; i < 1000; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  write(text);
  settle();
  EXPECT_THAT(error(), HasSubstr("unknown0"));
  EXPECT_LT(error().size(), 2100u);
}

TEST_F(ConfigReloadTest, TakesBackItsComplaintWhenTheFileIsAsBefore) {
  write("nonsense");
  settle();
  EXPECT_NE(error(), "");
  write(kRunning);
  EXPECT_EQ(settle(), Found::kJudged);
  EXPECT_EQ(error(), "");
  EXPECT_EQ(applied.size(), 0u);
}

TEST_F(ConfigReloadTest, ComplainsAboutAFileThatIsGoneAndTakesTheNextOne) {
  EXPECT_EQ(settle(), Found::kJudged);
  EXPECT_THAT(error(), HasSubstr(kPath));
  write(kOther);
  EXPECT_EQ(settle(), Found::kJudged);
  EXPECT_EQ(error(), "");
  EXPECT_EQ(applied.size(), 1u);
}

TEST_F(ConfigReloadTest, SaysThatARestartIsNeededUntilTheFileChangesAgain) {
  outcome = ConfigReload::Applied::kRestartNeeded;
  write(kOther);
  settle();
  EXPECT_EQ(settle(), Found::kNothing);
  EXPECT_THAT(error(), HasSubstr("restart the agent"));
  EXPECT_EQ(reload.snapshot().state, report::ConfigurationState::kNeedsRestart);
  EXPECT_EQ(reload.snapshot().fingerprint, config_fingerprint(kRunning));
  EXPECT_EQ(metric("restart_needed"), "1");
  outcome = ConfigReload::Applied::kYes;
  write(kOther + "logLevel: Warn\n");
  settle();
  EXPECT_EQ(error(), "");
  EXPECT_EQ(applied.size(), 2u);
}

}  // namespace
}  // namespace dualtrace::agent
