// SPDX-License-Identifier: Apache-2.0
#include "common/report/report.h"

#include <gtest/gtest.h>

#include <set>

#include "common/json/json.h"
#include "common/time/rfc3339.h"

namespace dualtrace::report {
namespace {

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

// Every member has a distinct value, so that none can be left out or mistaken for another.
Agent full_report() {
  Agent agent{
      .version = "0.1.0",
      .now = at(100),
      .started = at(1),
      .not_ready_reason = "the disk is full",
      .configuration = {.fingerprint = "c0ffee",
                        .loaded = at(2),
                        .state = ConfigurationState::kRefused,
                        .why = "arize.colour: unknown key"},
      .disk = "2a-65f0-7",
      .admission = {
          .bytes = 1, .bytes_max = 2, .refusals = 3, .bytes_configured = 4, .memory_limit = 5}};
  agent.lanes.push_back(
      {.name = "arize",
       .state = LaneState::kPaused,
       .spans = {.accepted = 21,
                 .delivered = 1,
                 .rejected = 2,
                 .dead_lettered = 3,
                 .expired = 4,
                 .filtered = 5,
                 .backlog = 6},
       .balanced = false,
       .backlog_bytes = UINT64_MAX,
       .oldest_undelivered = at(3),
       .requests_in_flight = 7,
       .last_delivered = at(4),
       .last_error = LastError{"AuthRejected", "no \"such\" key", at(5), "MissingProject"},
       .credential_fingerprint = "abcd1234",
       .credential = {.kind = CredentialKind::kWorkloadIdentity,
                      .since = at(7),
                      .expires = at(8),
                      .why = "the token endpoint is down",
                      .identity =
                          TokenIdentity{
                              "https://issuer", "system:serviceaccount:a:b", {"account", "other"}},
                      .candidate = CandidateCredential{.fingerprint = "feed5678",
                                                       .state = CandidateState::kRejected,
                                                       .reason = "PermissionDenied",
                                                       .why = "no MODIFY",
                                                       .since = at(9)},
                      .previous = PreviousCredential{"0ddba11", at(10)}},
       .credentials = {{.part = CredentialPart::kSpaceID,
                        .state = CredentialState::kUnusable,
                        .fingerprint = "beef",
                        .why = "is in quotes",
                        .unusable_fingerprint = "fade"}},
       .connection_files = {{.part = CredentialPart::kAuthority,
                             .state = CredentialState::kMissing,
                             .fingerprint = "cafe",
                             .why = "no such file",
                             .expires = at(11),
                             .all_expired = at(12)}},
       .losses = {{.word = LossWord::kDeadLettered,
                   .reason = "MissingProject",
                   .spans = 40,
                   .lately = 8,
                   .last = at(6),
                   .message = "external_model_id is required"}}});
  agent.lanes.push_back({.name = "databricks", .state = LaneState::kIdle});
  agent.journals.push_back({.name = "journal-1",
                            .adopted = true,
                            .segments = 1,
                            .disk_bytes = 2,
                            .damaged_segments = 3,
                            .refusing = true,
                            .records = 4,
                            .spans = 5});
  return agent;
}

Agent parsed(const std::string& json) {
  auto agent = parse(json);
  EXPECT_TRUE(agent) << json;
  return agent ? *std::move(agent) : Agent{};
}

TEST(Report, IsReadAsItWasWritten) {
  EXPECT_EQ(parsed(to_json(full_report())), full_report());
  EXPECT_EQ(parsed(to_json({})), Agent{});
}

TEST(Report, OfLossesAloneIsReadAsItWasWritten) {
  const std::vector<Loss> losses = full_report().lanes[0].losses;
  const auto read = parse_losses(losses_to_json(losses));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, losses);
  EXPECT_FALSE(parse_losses(""));
  EXPECT_FALSE(parse_losses("[]"));
}

template <typename E>
void expect_words_to_travel() {
  std::set<std::string_view> all;
  for (const std::string_view text : kWords<E>) {
    const auto value = parse_word<E>(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_string(*value), text);
    EXPECT_EQ(Word<E>(*value).known(), value);
    EXPECT_TRUE(all.insert(text).second) << text;
  }
}

TEST(Words, StandForOneValueEach) {
  expect_words_to_travel<Destination>();
  expect_words_to_travel<LaneState>();
  expect_words_to_travel<PauseReason>();
  expect_words_to_travel<ConfigurationState>();
  expect_words_to_travel<LossWord>();
  expect_words_to_travel<LossReason>();
  expect_words_to_travel<CredentialPart>();
  expect_words_to_travel<CredentialKind>();
  expect_words_to_travel<CandidateState>();
  expect_words_to_travel<CredentialState>();
  EXPECT_EQ(kDestinations.size(), kWords<Destination>.size());
}

TEST(Report, KeepsTheWordsOfANewerAgentReadable) {
  Agent agent = full_report();
  agent.lanes[0].state = "Napping";
  agent.lanes[0].last_error->reason = "MoonPhaseWrong";
  agent.lanes[0].last_error->cause = "FullMoon";
  agent.configuration.state = "Pondering";
  const Agent read = parsed(to_json(agent));
  EXPECT_EQ(read, agent);
  EXPECT_EQ(read.lanes[0].state.known(), std::nullopt);
  EXPECT_EQ(read.lanes[0].state.text(), "Napping");
  EXPECT_EQ(read.configuration.state.known(), std::nullopt);
}

// As version 0.1.0 wrote it, before this type existed.
TEST(Report, OfTheVersionBeforeIsUnderstood) {
  const Agent read = parsed(R"({
    "version": "0.1.0", "started": "2026-01-02T03:04:05Z", "uptimeSeconds": 12.5, "ready": true,
    "notReadyReason": "",
    "configuration": {"fingerprint": "f1", "loaded": "2026-01-02T03:04:05Z", "error": null},
    "lanes": [{"name": "arize", "state": "Paused",
      "spans": {"accepted": 5, "delivered": 1, "rejected": 0, "dead_lettered": 0, "expired": 0,
                "filtered": 0, "backlog": 4},
      "balanced": true, "backlogBytes": 1234, "oldestUndelivered": "2026-01-02T03:04:05Z",
      "oldestUndeliveredSeconds": 3.0, "requestsInFlight": 1, "lastDelivered": null,
      "lastError": {"reason": "AuthRejected", "message": "no", "when": "2026-01-02T03:04:06Z"},
      "credential": {"fingerprint": "abcd1234"}}],
    "journals": [{"name": "j", "adopted": false, "segments": 1, "diskBytes": 2,
      "damagedSegments": 0, "refusing": false, "records": 3, "spans": 4}],
    "admission": {"bytes": 0, "bytesMax": 9, "refusals": 0}})");
  EXPECT_EQ(read.configuration.state, ConfigurationState::kInForce);
  EXPECT_EQ(read.lanes.at(0).state, LaneState::kPaused);
  EXPECT_EQ(read.lanes.at(0).last_error->reason, "AuthRejected");
  EXPECT_EQ(read.lanes.at(0).last_error->cause, "");
  EXPECT_EQ(read.lanes.at(0).oldest_undelivered, parse_rfc3339("2026-01-02T03:04:05Z"));
  EXPECT_EQ(read.lanes.at(0).credential_fingerprint, "abcd1234");
  EXPECT_EQ(read.lanes.at(0).spans.backlog, 4U);
  EXPECT_EQ(read.now, std::nullopt);
  EXPECT_EQ(read.disk, "");
  EXPECT_TRUE(read.lanes.at(0).credentials.empty());
  EXPECT_TRUE(read.lanes.at(0).connection_files.empty());
  EXPECT_EQ(read.lanes.at(0).credential, CredentialInUse{});
  EXPECT_TRUE(read.lanes.at(0).losses.empty());

  const auto configuration = [](const std::string& error) {
    return parsed(R"({"lanes": [], "configuration": {"error": ")" + error + "\"}}").configuration;
  };
  EXPECT_EQ(configuration("refused: arize.x: unknown").state, ConfigurationState::kRefused);
  EXPECT_EQ(configuration("refused: arize.x: unknown").why, "arize.x: unknown");
  EXPECT_EQ(configuration("restart needed: x").state, ConfigurationState::kNeedsRestart);
  EXPECT_EQ(configuration("restart needed: x").why, "restart needed: x");
}

// An operator of the previous version recognizes a refusal by the start of the text.
TEST(Report, IsUnderstoodByTheVersionBefore) {
  const Json json = parse_json(to_json(full_report())).value();
  EXPECT_EQ(text_at(json, {"configuration", "error"}), "refused: arize.colour: unknown key");
  EXPECT_EQ(find(parse_json(to_json({})).value(), {"configuration", "error"})->is_null(), true);
  // It would take a file of connections for a part of the credential that is rotated.
  EXPECT_EQ(array_at(array_at(json, {"lanes"})[0], {"credentials"}).size(), 1U);
}

TEST(Report, BearsWithWhatIsMissingOrOfAnotherType) {
  const Agent read = parsed(
      R"({"lanes": [{"name": "arize", "lastError": null, "backlogBytes": -1, "balanced": "no"},
                    "new", null],
          "configuration": [], "journals": 7, "added": "later", "started": "yesterday"})");
  ASSERT_EQ(read.lanes.size(), 3U);
  EXPECT_EQ(read.lanes[0].last_error, std::nullopt);
  EXPECT_EQ(read.lanes[0].backlog_bytes, 0U);
  EXPECT_EQ(read.lanes[0].state.known(), std::nullopt) << "nothing was reported";
  EXPECT_EQ(read.lanes[1].name, "");
  EXPECT_TRUE(read.journals.empty());
  EXPECT_EQ(read.started, std::nullopt);
}

TEST(Report, IsNotWhatNoAgentSays) {
  for (const char* body : {"", "<html>", "[]", "{}", "{\"lanes\":", "null"}) {
    EXPECT_EQ(parse(body).error().kind, ErrorKind::kInvalid) << body;
  }
}

TEST(Report, CutsWhatIsTooLongBetweenCharacters) {
  Agent agent = full_report();
  std::string message = "x";
  for (int i = 0; i < 400; ++i) message += "ä";
  agent.lanes[0].last_error->message = message;
  agent.configuration.why = message;
  while (agent.lanes[0].losses.size() < 100) {
    agent.lanes[0].losses.push_back(agent.lanes[0].losses[0]);
    agent.lanes[0].losses.back().message = message;
    agent.lanes[0].credentials.push_back(agent.lanes[0].credentials[0]);
  }
  while (agent.lanes.size() < 20) agent.lanes.push_back(agent.lanes[0]);
  while (agent.journals.size() < 2000) agent.journals.push_back(agent.journals[0]);
  const std::string json = to_json(agent);
  EXPECT_LT(json.size(), kReportBytesMax);
  const Agent read = parsed(json);
  EXPECT_EQ(read.lanes.size(), kLanesMax);
  EXPECT_EQ(read.journals.size(), kJournalsMax);
  EXPECT_EQ(read.lanes[0].losses.size(), kLossesMax);
  EXPECT_EQ(read.lanes[0].losses[1].message.size(), 511U);
  EXPECT_EQ(read.lanes[0].credentials.size(), kCredentialsMax);
  EXPECT_EQ(read.lanes[0].last_error->message.size(), 511U);
  EXPECT_TRUE(message.starts_with(read.lanes[0].last_error->message));
  EXPECT_EQ(read.configuration.why.size(), 511U);
}

TEST(Report, SaysAgesForPeople) {
  const Json json = parse_json(to_json(full_report())).value();
  EXPECT_EQ(json.at("uptimeSeconds"), 99.0);
  EXPECT_EQ(json.at("lanes").at(0).at("oldestUndeliveredSeconds"), 97.0);
  EXPECT_EQ(json.at("ready"), false);
}

}  // namespace
}  // namespace dualtrace::report
