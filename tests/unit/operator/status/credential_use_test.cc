// SPDX-License-Identifier: Apache-2.0
#include "operator/status/credential_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/time/rfc3339.h"
#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using report::CandidateState;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kLane = "databricks";

Json credential(const Json& status) { return destination_of(status, kLane).at("credential"); }
std::string reason(const Json& status) {
  return std::string(text_at(condition_of(status, kCredentialsType), {"reason"}));
}
std::string message(const Json& status) {
  return std::string(text_at(condition_of(status, kCredentialsType), {"message"}));
}

// The agent switches to the new credential after it last used the old one at `used`.
void move(World& world, size_t agent, const std::optional<WallTime>& used) {
  report::Lane& lane = world.lane(agent, kLane);
  lane.credential.candidate.reset();
  lane.credential.previous = {lane.credential_fingerprint, used};
  lane.credential.since = world.facts.now;
  lane.credential_fingerprint = "databricks-2";
}

void move_all(World& world, const std::optional<WallTime>& used) {
  for (size_t agent = 0; agent < kAgents; ++agent) move(world, agent, used);
}

void prove(World& world, size_t agent, CandidateState state, const std::string& reason = "",
           const std::string& why = "no") {
  world.lane(agent, kLane).credential.candidate = {
      .fingerprint = "databricks-2", .state = state, .reason = reason, .why = why};
}

TEST(CredentialUse, SaysWhatIsInUseAndWhatAPolicyHasToName) {
  World world;
  const WallTime start = world.facts.now;
  world.each_lane(kLane, [&](report::Lane& lane) {
    lane.credential.kind = report::CredentialKind::kWorkloadIdentity;
    lane.credential.since = start - hours(1);
    lane.credential.expires = start + minutes(50);
    lane.credential.identity = {.issuer = "https://issuer.example",
                                .subject = "system:serviceaccount:observability:agents-dualtrace",
                                .audiences = {"account"}};
  });
  world.lane(5, kLane).credential.since = start - hours(2);
  EXPECT_EQ(credential(world.write()), Json::parse(R"({
    "fingerprint": "databricks-1", "kind": "workloadIdentity", "nodes": "12/12",
    "since": "2025-11-24T14:00:00Z", "expires": "2025-11-24T16:50:00Z",
    "identity": {"issuer": "https://issuer.example", "audiences": ["account"],
                 "subject": "system:serviceaccount:observability:agents-dualtrace"}})"));
  // A restarted agent does not reset the age, and a credential that renews itself does not
  // expire.
  world.lane(5, kLane).credential.since = world.facts.now;
  EXPECT_EQ(credential(world.write()).at("since"), "2025-11-24T14:00:00Z");
  EXPECT_EQ(reason(world.status()), "Synced");
}

TEST(CredentialUse, SaysWhichVersionOfTheSecretIsInUse) {
  World world;
  SecretFact& fact = world.facts.secrets[2];
  fact.part = CredentialPart::kToken;
  fact.version = "4711";
  fact.fingerprint = "databricks-1";
  EXPECT_EQ(credential(world.status()).at("secretResourceVersion"), "4711");
  fact.fingerprint = "databricks-2";
  EXPECT_FALSE(credential(world.status()).contains("secretResourceVersion"));
}

TEST(CredentialUse, CountsCandidatesByStateAndReason) {
  World world;
  prove(world, 1, CandidateState::kProving);
  prove(world, 2, CandidateState::kRejected, "AuthRejected");
  prove(world, 7, CandidateState::kRejected, "AuthRejected");
  EXPECT_EQ(credential(world.status()).at("candidates"), Json::parse(R"([
    {"fingerprint": "databricks-2", "state": "Proving", "nodes": 1, "message": "no"},
    {"fingerprint": "databricks-2", "state": "Rejected", "nodes": 2, "reason": "AuthRejected",
     "message": "no"}])"));
}

TEST(CredentialUse, TellsARejectedCandidateBeforeOneThatWaits) {
  World world;
  prove(world, 1, CandidateState::kProving);
  EXPECT_EQ(reason(world.status()), "RotationInProgress");
  EXPECT_EQ(text_at(condition_of(world.status(), kReadyType), {"status"}), "True");
  prove(world, 2, CandidateState::kRejected, "AuthRejected");
  EXPECT_EQ(reason(world.status()), "CredentialRejected");
}

TEST(CredentialUse, TellsWhatKeepsACandidateFromBeingTried) {
  World world;
  prove(world, 1, CandidateState::kProving, "", "");
  EXPECT_THAT(message(world.status()), HasSubstr("is tried with the next request (on node-02)"));
  EXPECT_THAT(message(world.status()), HasSubstr("restart its agent"));
  prove(world, 2, CandidateState::kProving, "Misconfigured",
        "the token endpoint answered HTTP 302");
  EXPECT_EQ(reason(world.status()), "RotationInProgress");
  EXPECT_THAT(message(world.status()),
              HasSubstr("cannot be tried yet (Misconfigured) (on node-03): the token endpoint "
                        "answered HTTP 302; agents retry"));
}

// The Secret differs from the credential in use, but a candidate explains that.
TEST(CredentialUse, DoesNotBlameTheKubeletForACandidate) {
  World world;
  SecretFact& fact = world.facts.secrets[2];
  fact.part = CredentialPart::kToken;
  fact.fingerprint = "databricks-2";
  world.facts.credentials_differ = kSyncPatience;
  for (size_t agent = 0; agent < kAgents; ++agent) {
    world.lane(agent, kLane).credentials = {{.part = CredentialPart::kToken,
                                             .state = report::CredentialState::kLoaded,
                                             .fingerprint = "databricks-1"}};
    prove(world, agent, CandidateState::kProving);
  }
  EXPECT_EQ(reason(world.status()), "RotationInProgress");
  world.lane(4, kLane).credential.candidate.reset();
  EXPECT_EQ(reason(world.status()), "SecretNotTaken");
}

TEST(CredentialUse, SaysThatTheOldOneIsUnusedOnceEveryNodeHasMoved) {
  World world;
  world.write();
  const WallTime used = world.facts.now;
  for (size_t agent = 0; agent + 1 < kAgents; ++agent) move(world, agent, used);
  const Json between = world.write();
  EXPECT_EQ(credential(between).at("nodes"), "11/12");
  EXPECT_EQ(credential(between).at("previousFingerprint"), "databricks-1");
  EXPECT_FALSE(credential(between).contains("previousCredentialUnusedSince"));
  move(world, kAgents - 1, used + minutes(3));
  const Json after = world.write();
  EXPECT_EQ(credential(after).at("previousCredentialUnusedSince"), rfc3339(used + minutes(3)));
  EXPECT_THAT(newly_unused_credentials(between, after),
              ElementsAre("databricks: no agent has used credential databricks-1 since " +
                          rfc3339(used + minutes(3)) + "; it can be revoked"));
  EXPECT_EQ(compare_status(between, after), StatusChange::kState);
  // Reported once, and kept after the agents have forgotten it.
  world.each_lane(kLane, [](report::Lane& lane) { lane.credential.previous.reset(); });
  const Json later = world.write();
  EXPECT_EQ(credential(later).at("previousCredentialUnusedSince"), rfc3339(used + minutes(3)));
  EXPECT_THAT(newly_unused_credentials(after, later), IsEmpty());
}

TEST(CredentialUse, TakesBackWhatItSaidWhenTheOldOneIsUsedAgain) {
  World world;
  world.write();
  move_all(world, world.facts.now);
  EXPECT_TRUE(credential(world.write()).contains("previousCredentialUnusedSince"));
  world.lane(3, kLane).credential_fingerprint = "databricks-1";
  EXPECT_FALSE(credential(world.write()).contains("previousCredentialUnusedSince"));
}

TEST(CredentialUse, NamesASilentNodeInsteadOfWaitingForEver) {
  World world;
  world.write();
  const WallTime used = world.facts.now;
  // How long ago it was used, by the agents' clocks, does not tell how long a node has been silent.
  move_all(world, used - hours(1));
  world.lane(2, kLane).credential.previous->last_used = used;
  world.facts.agents[6].unreachable = "no answer";
  EXPECT_FALSE(credential(world.write()).contains("previousCredentialUnusedSince"));
  world.facts.credential_everywhere = {
      {report::Destination::kDatabricks, kSilencePatience - std::chrono::seconds(1)}};
  world.facts.now = used + hours(1);
  const Json early = world.write();
  EXPECT_FALSE(credential(early).contains("previousCredentialUnusedSince"));
  world.facts.credential_everywhere = {{report::Destination::kDatabricks, kSilencePatience}};
  const Json after = world.write();
  EXPECT_EQ(credential(after).at("previousCredentialUnusedSince"), rfc3339(used));
  EXPECT_EQ(credential(after).at("nodesSilent"), Json::array({"node-07"}));
  EXPECT_THAT(newly_unused_credentials(early, after),
              ElementsAre(HasSubstr("check the agents that do not report (on node-07)")));
  // A removed node has no agent that could answer or send.
  world.facts.agents.erase(world.facts.agents.begin() + 6);
  EXPECT_FALSE(credential(world.write()).contains("nodesSilent"));
}

// A Secret whose second value alone changes, such as the ID of a client.
TEST(CredentialUse, WaitsForEveryPartOnEveryNode) {
  World world;
  SecretFact& fact = world.facts.secrets.emplace_back();
  fact.part = CredentialPart::kClientID;
  fact.fingerprint = "client-2";
  const auto use_client = [&](size_t agent, const std::string& client) {
    world.lane(agent, kLane).credentials = {{.part = CredentialPart::kClientSecret,
                                             .state = report::CredentialState::kLoaded,
                                             .fingerprint = "databricks-1"},
                                            {.part = CredentialPart::kClientID,
                                             .state = report::CredentialState::kLoaded,
                                             .fingerprint = client}};
  };
  for (size_t agent = 0; agent < kAgents; ++agent) use_client(agent, "client-1");
  world.write();
  const WallTime used = world.facts.now;
  for (size_t agent = 0; agent < kAgents; ++agent) {
    use_client(agent, "client-2");
    world.lane(agent, kLane).credential.previous = {"client-1", used};
  }
  use_client(1, "client-1");
  world.lane(1, kLane).credential.previous.reset();
  const Json between = world.write();
  EXPECT_EQ(credential(between).at("previousFingerprint"), "client-1");
  EXPECT_FALSE(credential(between).contains("previousCredentialUnusedSince"));
  use_client(1, "client-2");
  EXPECT_EQ(credential(world.write()).at("previousCredentialUnusedSince"), rfc3339(used));
  use_client(1, "client-1");
  EXPECT_FALSE(credential(world.write()).contains("previousCredentialUnusedSince"));
}

TEST(CredentialUse, RemembersTheOldOneOfAgentsThatStartedAnew) {
  World world;
  world.write();
  const WallTime moved = world.facts.now;
  world.each_lane(kLane, [&](report::Lane& lane) {
    lane.credential_fingerprint = "databricks-2";
    lane.credential.since = moved;
  });
  const Json after = world.write();
  EXPECT_EQ(credential(after).at("previousFingerprint"), "databricks-1");
  EXPECT_EQ(credential(after).at("previousCredentialUnusedSince"), rfc3339(moved));
}

TEST(CredentialUse, HasNothingToSayOfACredentialThatWasNeverUsed) {
  World world;
  world.write();
  prove(world, 0, CandidateState::kRejected, "AuthRejected");
  world.write();
  world.lane(0, kLane).credential.candidate.reset();
  const Json after = world.write();
  EXPECT_FALSE(credential(after).contains("previousFingerprint"));
  EXPECT_EQ(reason(after), "Synced");
}

TEST(CredentialUse, TellsOfTheEndOfAnAuthoritysCertificates) {
  World world;
  SecretFact& fact = world.facts.secrets.emplace_back(
      SecretFact{"spec.databricks.ca", {"company-authority", "ca.crt"}});
  fact.expires = world.facts.now + kExpiryNotice + minutes(1);
  EXPECT_EQ(reason(world.status()), "Synced");
  fact.expires = world.facts.now + kExpiryNotice;
  EXPECT_EQ(reason(world.status()), "CredentialExpiring");
  EXPECT_THAT(message(world.status()),
              HasSubstr("key ca.crt of Secret company-authority (spec.databricks.ca) expires at"));
  fact.of_config_map = true;
  EXPECT_THAT(message(world.status()), HasSubstr("of ConfigMap company-authority"));
  fact.expires = world.facts.now;
  EXPECT_THAT(message(world.status()), HasSubstr("expired at"));
  EXPECT_EQ(text_at(condition_of(world.status(), kReadyType), {"status"}), "True");
}

}  // namespace
}  // namespace dualtrace::ctl
