// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/status/world.h"

namespace dualtrace::ctl {
namespace {

using testing::HasSubstr;

// "False SecretMissing: …"
std::string synced(const World& world) {
  const Json condition = condition_of(world.status(), kCredentialsType);
  return condition.at("status").get<std::string>() + " " +
         condition.at("reason").get<std::string>() + ": " +
         condition.at("message").get<std::string>();
}

SecretFact& authority(World& world) {
  return world.facts.secrets.emplace_back(SecretFact{"spec.arize.ca", {"trust", "ca.crt"}});
}

TEST(CredentialsSynced, NamesAConfigMapAsSuch) {
  World world;
  SecretFact& fact = authority(world);
  fact.of_config_map = true;
  fact.state = SecretFact::State::kSecretMissing;
  EXPECT_THAT(synced(world), HasSubstr("False SecretMissing: ConfigMap trust (spec.arize.ca) does "
                                       "not exist in the export's namespace; create it"));
  fact.state = SecretFact::State::kKeyMissing;
  EXPECT_THAT(synced(world), HasSubstr("False KeyMissing: key ca.crt of ConfigMap trust"));
  fact.state = SecretFact::State::kValueUnusable;
  fact.detail = "contains no PEM certificate";
  EXPECT_THAT(synced(world), HasSubstr("ConfigMap trust (spec.arize.ca) contains no PEM"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "False");
}

TEST(CredentialsSynced, IsFalseOnceEveryCertificateHasExpired) {
  World world;
  SecretFact& fact = authority(world);
  fact.expires = world.facts.now;
  fact.all_expired = world.facts.now + std::chrono::seconds(1);
  EXPECT_THAT(synced(world), HasSubstr("True CredentialExpiring: "));
  fact.all_expired = world.facts.now;
  EXPECT_THAT(synced(world),
              HasSubstr("False CredentialExpired: a certificate under key ca.crt of Secret trust "
                        "(spec.arize.ca) expired at"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "CredentialExpired");
}

using report::ConnectionFile;
using report::CredentialState;

// Both destinations trust the same key of one ConfigMap, and every agent has another content of it.
struct OutdatedAuthority : World {
  OutdatedAuthority() {
    for (const char* lane_name : {"arize", "databricks"}) {
      facts.secrets.push_back({.path = "spec." + std::string(lane_name) + ".ca",
                               .reference = {"trust", "ca.crt"},
                               .part = CredentialPart::kAuthority,
                               .fingerprint = "new",
                               .immutable = true,
                               .of_config_map = true});
      each_lane(lane_name, [](report::Lane& lane) {
        lane.connection_files = {{.part = CredentialPart::kAuthority,
                                  .state = CredentialState::kLoaded,
                                  .fingerprint = "new"}};
      });
    }
    each_lane("databricks",
              [](report::Lane& lane) { lane.connection_files[0].fingerprint = "old"; });
  }
};

TEST(ConnectionFiles, ThatTheKubeletKeepsAreToldAfterASync) {
  OutdatedAuthority world;
  EXPECT_THAT(synced(world), HasSubstr("False RotationInProgress: agents do not use the value of "
                                       "key ca.crt of ConfigMap trust (spec.databricks.ca) yet"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("status"), "True");
  world.facts.credentials_differ = kSyncPatience;
  const std::string told = synced(world);
  EXPECT_THAT(told, HasSubstr("False SecretNotTaken: "));
  EXPECT_THAT(told, HasSubstr("ConfigMap trust (spec.databricks.ca)"));
  EXPECT_THAT(told, HasSubstr("the ConfigMap is immutable, and the kubelet keeps the previous "
                              "ConfigMap of that name; create a ConfigMap with a new name"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "SecretNotTaken");
  world.each_lane("databricks",
                  [](report::Lane& lane) { lane.connection_files[0].fingerprint = "new"; });
  EXPECT_THAT(synced(world), HasSubstr("True Synced"));
}

TEST(ConnectionFiles, IncludeTheCredentialForAProxy) {
  World world;
  world.facts.secrets.push_back({.path = "spec.arize.proxyAuth",
                                 .reference = {"proxy", "password"},
                                 .part = CredentialPart::kProxyPassword,
                                 .fingerprint = "new"});
  world.lane(3, "arize").connection_files = {{.part = CredentialPart::kProxyPassword,
                                              .state = CredentialState::kLoaded,
                                              .fingerprint = "old"}};
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world),
              HasSubstr("False SecretNotTaken: agents still do not have the value of key "
                        "password of Secret proxy (spec.arize.proxyAuth) (on node-04): the kubelet "
                        "has not updated it"));
}

// The candidate is one for another file.
TEST(ConnectionFiles, AreNotExplainedByACandidate) {
  OutdatedAuthority world;
  world.facts.credentials_differ = kSyncPatience;
  world.each_lane("databricks", [](report::Lane& lane) {
    lane.credential.candidate = {.fingerprint = "databricks-2",
                                 .state = report::CandidateState::kProving};
  });
  EXPECT_THAT(synced(world), HasSubstr("False SecretNotTaken"));
}

TEST(ConnectionFiles, HaveNoPartInTheProofOfARotation) {
  OutdatedAuthority world;
  const auto everywhere = [&] {
    return credential_everywhere(summarize_lanes(world.facts)[1], world.facts);
  };
  EXPECT_EQ(everywhere(), "databricks-1") << "an authority that differs starts no rotation";
  world.lane(3, "databricks").connection_files[0].fingerprint = "new";
  EXPECT_EQ(everywhere(), "databricks-1");
  world.lane(3, "databricks").connection_files[0].state = CredentialState::kMissing;
  EXPECT_EQ(everywhere(), "databricks-1");

  world.write();
  const WallTime used = world.facts.now;
  world.each_lane("databricks", [&](report::Lane& lane) {
    lane.credential.previous = {"databricks-1", used};
    lane.credential_fingerprint = "databricks-2";
  });
  EXPECT_TRUE(destination_of(world.write(), "databricks")
                  .at("credential")
                  .contains("previousCredentialUnusedSince"));
}

TEST(ConnectionFiles, OfAgentsThatDoNotReportThemAreNotJudged) {
  OutdatedAuthority world;
  world.facts.credentials_differ = kSyncPatience;
  for (const char* lane : {"arize", "databricks"}) {
    world.each_lane(lane, [](report::Lane& each) { each.connection_files.clear(); });
  }
  EXPECT_THAT(synced(world), HasSubstr("True Synced"));
  for (SecretFact& fact : world.facts.secrets) fact.state = SecretFact::State::kUnreadable;
  EXPECT_THAT(synced(world), HasSubstr("True Synced"));
}

// An agent has a bundle that is too large to be judged, or cannot be read at all.
TEST(ConnectionFiles, WithoutAFingerprintDoNotDiffer) {
  OutdatedAuthority world;
  world.each_lane("databricks",
                  [](report::Lane& lane) { lane.connection_files[0].fingerprint = ""; });
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("True Synced"));
}

TEST(ConnectionFiles, AreJudgedByTheAgentsWhereTheOperatorMayNotLook) {
  OutdatedAuthority world;
  for (SecretFact& fact : world.facts.secrets) {
    if (!fact.of_config_map) continue;
    fact.state = SecretFact::State::kUnreadable;
    fact.fingerprint = "";
  }
  EXPECT_THAT(synced(world), HasSubstr("True Synced: all agents have loaded the keys"));
  ConnectionFile& file = world.lane(3, "databricks").connection_files[0];
  file.all_expired = world.facts.now + std::chrono::seconds(1);
  file.expires = world.facts.now + std::chrono::seconds(1);
  EXPECT_THAT(synced(world), HasSubstr("True CredentialExpiring: a certificate under key ca.crt of "
                                       "ConfigMap trust (spec.databricks.ca)"));
  file.all_expired = world.facts.now;
  EXPECT_THAT(synced(world), HasSubstr("False CredentialExpired: a certificate under key ca.crt"));
  file = {.part = CredentialPart::kAuthority,
          .state = CredentialState::kUnusable,
          .why = "contains no PEM certificate"};
  EXPECT_THAT(synced(world), HasSubstr("False ValueUnusable: key ca.crt of ConfigMap trust "
                                       "(spec.databricks.ca) cannot be used (on node-04): contains "
                                       "no PEM certificate"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "ValueUnusable");
  file.state = CredentialState::kMissing;
  EXPECT_THAT(synced(world),
              HasSubstr("False NotMounted: agents cannot find key ca.crt of ConfigMap "
                        "trust (spec.databricks.ca) (on node-04): if the ConfigMap "
                        "or the key does not exist, create it"));
}

// An immutable ConfigMap with a slip in it was made again without the slip.
TEST(ConnectionFiles, ThatAreUnusableAndKeptByTheKubeletNeedANewName) {
  OutdatedAuthority world;
  ConnectionFile& file = world.lane(3, "databricks").connection_files[0];
  file.state = CredentialState::kUnusable;
  file.why = "contains no PEM certificate";
  EXPECT_THAT(synced(world), HasSubstr("False ValueUnusable")) << "the new one may be on its way";
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("False SecretNotTaken"));
}

// An immutable ConfigMap without the key was made again with it.
TEST(ConnectionFiles, ThatAreMissingAndKeptAwayByTheKubeletNeedANewName) {
  OutdatedAuthority world;
  world.each_lane("databricks", [](report::Lane& lane) {
    lane.connection_files[0].fingerprint = "";
    lane.connection_files[0].state = CredentialState::kMissing;
  });
  EXPECT_THAT(synced(world), HasSubstr("False NotMounted")) << "the new one may be on its way";
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("False SecretNotTaken"));
}

// An immutable Secret whose value nobody could use was made again with one that is right.
struct OutdatedKey : World {
  OutdatedKey() {
    SecretFact& fact = facts.secrets[0];
    fact.part = CredentialPart::kAPIKey;
    fact.immutable = true;
    fact.fingerprint = "new";
    each_lane("arize", [](report::Lane& lane) {
      lane.credential_fingerprint = "";
      lane.credentials = {{.part = CredentialPart::kAPIKey,
                           .state = CredentialState::kUnusable,
                           .why = "credential file /c/api-key: is a placeholder",
                           .unusable_fingerprint = "old"}};
    });
  }
};

TEST(Credentials, ThatAreUnusableAndKeptByTheKubeletNeedANewName) {
  OutdatedKey world;
  EXPECT_THAT(synced(world), HasSubstr("False ValueUnusable")) << "the new one may be on its way";
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("False SecretNotTaken: agents still do not have the value"));
  EXPECT_THAT(synced(world), HasSubstr("create a Secret with a new name"));
  EXPECT_EQ(condition_of(world.status(), kReadyType).at("reason"), "SecretNotTaken");
  // An agent whose file cannot be read, or that is older than this operator.
  world.lane(3, "arize").credentials[0].unusable_fingerprint = "";
  EXPECT_THAT(synced(world), HasSubstr("False ValueUnusable: "));
  EXPECT_THAT(synced(world), HasSubstr("(on node-04)"));
}

// It has the Secret's value and judges it differently: another version, or a mistake of ours.
TEST(Credentials, ThatAnAgentCannotUseAlthoughTheyAreTheSecretsStayUnusable) {
  OutdatedKey world;
  world.each_lane("arize",
                  [](report::Lane& lane) { lane.credentials[0].unusable_fingerprint = "new"; });
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("False ValueUnusable: "));
}

TEST(Credentials, ThatAreMissingAndKeptAwayByTheKubeletNeedANewName) {
  OutdatedKey world;
  world.each_lane("arize", [](report::Lane& lane) {
    lane.credentials[0] = {.part = CredentialPart::kAPIKey, .state = CredentialState::kMissing};
  });
  EXPECT_THAT(synced(world), HasSubstr("False NotMounted")) << "the new one may be on its way";
  world.facts.credentials_differ = kSyncPatience;
  EXPECT_THAT(synced(world), HasSubstr("False SecretNotTaken"));
}

}  // namespace
}  // namespace dualtrace::ctl
