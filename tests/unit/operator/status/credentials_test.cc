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

}  // namespace
}  // namespace dualtrace::ctl
