// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/bytes/base64.h"
#include "common/certs/certificate.h"
#include "common/config/credential_text.h"
#include "tests/unit/operator/reconcile/world.h"

namespace dualtrace::ctl {
namespace {

using State = SecretFact::State;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;

class SecretChecksTest : public testing::Test {
 protected:
  SecretChecksTest()
      : wanted_(*parse_export(world_.api.find(kDualTraceExports, kExport).value()).value) {
    world_.api.forget_calls();
  }

  std::vector<State> check() {
    checks_.check(wanted_, world_.api, world_.metrics, world_.clock.tick(), 0.5);
    std::vector<State> states;
    for (const SecretFact& fact : checks_.facts()) states.push_back(fact.state);
    return states;
  }
  Duration pause() { return *checks_.look_again() - world_.clock.tick(); }
  void put(const std::vector<std::pair<std::string, std::string>>& values) {
    world_.api.put(kube::kSecrets, secret("arize", values));
  }

  World world_;
  DualTraceExport wanted_;
  SecretChecks checks_;
};

TEST_F(SecretChecksTest, FindsThatAllIsRightAndRests) {
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent));
  EXPECT_EQ(pause(), minutes(10));
  const size_t calls = world_.api.calls().size();
  check();
  EXPECT_EQ(world_.api.calls().size(), calls);
}

TEST_F(SecretChecksTest, TellsSlipsThatLeaveNoCredentialWithoutRepeatingThem) {
  put({{"api-key", "\"ak-secret\""}, {"space-id", kSpaceId}});
  EXPECT_THAT(check(), ElementsAre(State::kValueUnusable, State::kPresent, State::kPresent));
  EXPECT_THAT(checks_.facts()[0].detail, testing::AllOf(testing::HasSubstr("quotes"),
                                                        testing::Not(testing::HasSubstr("ak-"))));
  EXPECT_EQ(checks_.facts()[0].fingerprint, "");
}

// Computed as the agents compute it, so that the two can be compared.
TEST_F(SecretChecksTest, KnowsEachPartByItsFingerprint) {
  put({{"api-key", "abc\n"}, {"space-id", kSpaceId}});
  check();
  EXPECT_EQ(checks_.facts()[0].part, CredentialPart::kAPIKey);
  EXPECT_EQ(checks_.facts()[0].fingerprint, "ba7816bf");
  EXPECT_EQ(checks_.facts()[1].part, CredentialPart::kSpaceID);
  EXPECT_EQ(checks_.facts()[2].part, CredentialPart::kToken);
  EXPECT_FALSE(checks_.facts()[0].immutable);
}

TEST_F(SecretChecksTest, LooksSoonWhereAgentsUseSomethingElse) {
  check();
  EXPECT_EQ(pause(), minutes(10));
  checks_.look_soon(world_.clock.tick());
  EXPECT_EQ(pause(), seconds(15));
}

TEST_F(SecretChecksTest, TellsWhatIsWrongWithEachKey) {
  put({{"space-id", kSpaceId}});
  EXPECT_THAT(check(), ElementsAre(State::kKeyMissing, State::kPresent, State::kPresent));
  EXPECT_EQ(pause(), seconds(15));
  put({{"api-key", "\n "}, {"space-id", "my space"}});
  world_.clock.advance(seconds(15));
  EXPECT_THAT(check(), ElementsAre(State::kValueEmpty, State::kSpaceIdMalformed, State::kPresent));
  world_.api.erase(kube::kSecrets, {"shop", "arize"});
  world_.clock.advance(seconds(15));
  EXPECT_THAT(check(), ElementsAre(State::kSecretMissing, State::kSecretMissing, State::kPresent));
  EXPECT_EQ(pause(), seconds(15));
  put({{"api-key", "key"}, {"space-id", std::string(kSpaceId) + "\n"}});
  world_.clock.advance(seconds(15));
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent));
}

TEST_F(SecretChecksTest, ReadsTheWholeOnlyWhenTheVersionIsNew) {
  check();
  EXPECT_EQ(world_.api.calls().size(), 4U) << "metadata and content of two Secrets";
  world_.clock.advance(minutes(10));
  world_.api.forget_calls();
  check();
  EXPECT_EQ(world_.api.calls().size(), 2U) << "metadata only";
  put({{"api-key", "key-2"}, {"space-id", kSpaceId}});
  world_.clock.advance(minutes(10));
  world_.api.forget_calls();
  check();
  EXPECT_EQ(world_.api.calls().size(), 3U) << "the changed one is read";
}

TEST_F(SecretChecksTest, LooksAtOnceWhenAnotherKeyIsNamed) {
  check();
  wanted_.databricks->auth = TokenAuth{{"databricks", "other"}};
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kKeyMissing));
}

TEST_F(SecretChecksTest, LooksAtBothKeysOfAServicePrincipal) {
  wanted_.databricks->auth = OAuthAuth{{"sp", "client-id"}, {"sp", "client-secret"}};
  world_.api.put(kube::kSecrets,
                 secret("sp", {{"client-id", "6f1c2f6e-1111-4e1a-9d3c-0123456789ab"},
                               {"client-secret", "Bearer dose"}}));
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent,
                                   State::kValueUnusable));
  EXPECT_EQ(checks_.facts()[2].part, CredentialPart::kClientID);
  EXPECT_EQ(checks_.facts()[3].part, CredentialPart::kClientSecret);
  EXPECT_EQ(checks_.facts()[3].path, "spec.databricks.auth.oauth");
}

TEST_F(SecretChecksTest, HasNoSecretToLookAtForAWorkloadIdentity) {
  wanted_.databricks->auth = WorkloadIdentityAuth{"account", 3600};
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent));
}

TEST_F(SecretChecksTest, DoesNotInsistOnWhatItMayNotRead) {
  world_.api.fault([](const kube::FakeApi::Call& call) -> std::optional<Error> {
    if (call.key.name != "arize") return std::nullopt;
    return Error{ErrorKind::kDenied, "forbidden"};
  });
  EXPECT_THAT(check(), ElementsAre(State::kUnreadable, State::kUnreadable, State::kPresent));
  EXPECT_EQ(pause(), minutes(5));
  EXPECT_FALSE(checks_.error());
}

TEST_F(SecretChecksTest, KeepsItsVerdictWhileTheApiServerIsAway) {
  check();
  world_.clock.advance(minutes(11));
  world_.api.fault([](const kube::FakeApi::Call&) {
    return Error{ErrorKind::kUnavailable, "away"};
  });
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent));
  EXPECT_TRUE(checks_.error());
  world_.api.fault({});
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent));
  EXPECT_FALSE(checks_.error());
}

TEST_F(SecretChecksTest, TellsTheHalvesOfAServicePrincipalApart) {
  wanted_.databricks->auth = OAuthAuth{{"sp", "client-id"}, {"sp", "client-secret"}};
  world_.api.put(kube::kSecrets,
                 secret("sp", {{"client-id", "dose0123456789abcdef"},
                               {"client-secret", "6f1c2f6e-1111-4e1a-9d3c-0123456789ab"}}));
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kValueUnusable,
                                   State::kValueUnusable));
  EXPECT_THAT(checks_.facts()[2].detail, testing::HasSubstr("swapped"));
  EXPECT_THAT(checks_.facts()[3].detail, testing::HasSubstr("swapped"));
}

TEST_F(SecretChecksTest, TellsASlipInASpaceIdFromItsName) {
  const std::string id = kSpaceId;
  for (const auto& [text, says] :
       std::vector<std::pair<std::string, std::string>>{{'"' + id + '"', "quotes"},
                                                        {"\xEF\xBB\xBF" + id, "byte order mark"},
                                                        {encode_base64(id), "base64-encoded twice"},
                                                        {"ak-0123456789", "API key"}}) {
    put({{"api-key", "key"}, {"space-id", text}});
    world_.clock.advance(minutes(11));
    EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kValueUnusable, State::kPresent));
    EXPECT_THAT(checks_.facts()[1].detail, testing::HasSubstr(says));
  }
}

TEST_F(SecretChecksTest, JudgesAnAuthority) {
  wanted_.databricks->ca =
      CertificateAuthority{.secret = KeyReference{"authority", "ca.crt"}, .config_map = {}};
  world_.api.put(kube::kSecrets, secret("authority", {{"ca.crt", "no certificate"}}));
  EXPECT_EQ(check().back(), State::kValueUnusable);
  const auto authority = make_authority("company", WallTime(), std::chrono::hours(24 * 30));
  world_.api.put(kube::kSecrets, secret("authority", {{"ca.crt", authority->certificate.pem}}));
  world_.clock.advance(minutes(1));
  EXPECT_EQ(check().back(), State::kPresent);
  EXPECT_EQ(checks_.facts().back().all_expired, authority->certificate.not_after);
  EXPECT_EQ(checks_.facts().back().part, CredentialPart::kAuthority);
  EXPECT_EQ(checks_.facts().back().fingerprint,
            fingerprint_of(CredentialPart::kAuthority, trim_secret(authority->certificate.pem)));
  EXPECT_FALSE(checks_.facts().back().immutable);
}

TEST_F(SecretChecksTest, LooksAtTheSecretOfAPrivateAuthority) {
  wanted_.databricks->ca =
      CertificateAuthority{.secret = KeyReference{"authority", "ca.crt"}, .config_map = {}};
  wanted_.arize->ca =
      CertificateAuthority{.secret = {}, .config_map = KeyReference{"map", "ca.crt"}};
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent,
                                   State::kSecretMissing, State::kSecretMissing));
  EXPECT_EQ(checks_.facts()[3].path, "spec.databricks.ca");
}

class AuthorityInAConfigMap : public SecretChecksTest {
 protected:
  AuthorityInAConfigMap() {
    wanted_.arize->ca =
        CertificateAuthority{.secret = {}, .config_map = KeyReference{"map", "ca.crt"}};
  }

  void put_map(Json data, const char* field = "data") {
    world_.api.put(kube::kConfigMaps,
                   {{"metadata", {{"namespace", "shop"}, {"name", "map"}}}, {field, data}});
  }
  SecretFact look() {
    world_.clock.advance(minutes(11));
    check();
    EXPECT_EQ(checks_.facts().size(), 4U);
    return checks_.facts().back();
  }
};

TEST_F(AuthorityInAConfigMap, IsJudgedLikeASecret) {
  EXPECT_EQ(look().state, State::kSecretMissing);
  EXPECT_EQ(pause(), seconds(15));
  EXPECT_TRUE(checks_.facts().back().of_config_map);
  put_map({{"trust-bundle.pem", "…"}});
  EXPECT_EQ(look().state, State::kKeyMissing);
  put_map({{"ca.crt", " \n"}});
  EXPECT_EQ(look().state, State::kValueEmpty);
  put_map({{"ca.crt", "…"}});
  EXPECT_EQ(look().state, State::kValueUnusable);
  EXPECT_THAT(look().detail, testing::HasSubstr("contains no PEM certificate"));

  const auto authority = make_authority("company", WallTime(), std::chrono::hours(24 * 30));
  const auto next = make_authority("company", WallTime(), std::chrono::hours(24 * 60));
  put_map({{"ca.crt", next->certificate.pem + authority->certificate.pem}});
  EXPECT_EQ(look().state, State::kPresent);
  EXPECT_EQ(look().expires, authority->certificate.not_after);
  EXPECT_EQ(look().all_expired, next->certificate.not_after);
  put_map({{"ca.crt", encode_base64(authority->certificate.pem)}}, "binaryData");
  EXPECT_EQ(look().expires, authority->certificate.not_after);
}

TEST_F(AuthorityInAConfigMap, IsKnownByItsFingerprint) {
  const auto authority = make_authority("company", WallTime(), std::chrono::hours(24 * 30));
  put_map({{"ca.crt", authority->certificate.pem}});
  const SecretFact fact = look();
  EXPECT_EQ(fact.part, CredentialPart::kAuthority);
  EXPECT_EQ(fact.fingerprint,
            fingerprint_of(CredentialPart::kAuthority, trim_secret(authority->certificate.pem)));
  EXPECT_FALSE(fact.immutable);
  put_map({{"ca.crt", encode_base64(authority->certificate.pem)}}, "binaryData");
  EXPECT_EQ(look().fingerprint, fact.fingerprint);
  world_.api.put(kube::kConfigMaps, {{"metadata", {{"namespace", "shop"}, {"name", "map"}}},
                                     {"immutable", true},
                                     {"data", {{"ca.crt", "…"}}}});
  EXPECT_TRUE(look().immutable);
  EXPECT_EQ(look().fingerprint, "") << "it is not usable";
}

TEST_F(AuthorityInAConfigMap, IsUnreadableRatherThanMissingWhereAccessIsDenied) {
  const auto failing = [this](ErrorKind kind) {
    world_.api.fault([kind](const kube::FakeApi::Call& call) -> std::optional<Error> {
      if (call.key.name != "map") return std::nullopt;
      return Error{kind, "no"};
    });
  };
  failing(ErrorKind::kDenied);
  EXPECT_EQ(look().state, State::kUnreadable);
  EXPECT_FALSE(checks_.error());
  failing(ErrorKind::kUnavailable);
  EXPECT_EQ(look().state, State::kUnreadable);
  ASSERT_TRUE(checks_.error());
  EXPECT_THAT(checks_.error()->message, testing::HasSubstr("ConfigMap shop/map"));

  world_.api.fault({});
  EXPECT_EQ(look().state, State::kSecretMissing);
  failing(ErrorKind::kUnavailable);
  EXPECT_EQ(look().state, State::kSecretMissing) << "as it was when it could last be read";
}

TEST_F(SecretChecksTest, LooksAtTheCredentialOfAProxy) {
  wanted_.settings["databricks.proxyURL"] = "http://proxy:3128";
  wanted_.databricks->proxy_auth = ProxyAuth{{"proxy", "username"}, {"proxy", "password"}};
  EXPECT_EQ(check().back(), State::kSecretMissing);
  world_.api.put(kube::kSecrets,
                 secret("proxy", {{"username", "agents"}, {"password", "two\nlines"}}));
  world_.clock.advance(minutes(1));
  EXPECT_THAT(check(), ElementsAre(State::kPresent, State::kPresent, State::kPresent,
                                   State::kPresent, State::kValueUnusable));
  EXPECT_EQ(checks_.facts().back().path, "spec.databricks.proxyAuth");
  EXPECT_EQ(checks_.facts().back().part, CredentialPart::kProxyPassword);
  EXPECT_EQ(checks_.facts().back().fingerprint, "");
  EXPECT_EQ(checks_.facts()[3].part, CredentialPart::kProxyUsername);
  EXPECT_EQ(checks_.facts()[3].fingerprint,
            fingerprint_of(CredentialPart::kProxyUsername, "agents"));
}

}  // namespace
}  // namespace dualtrace::ctl
