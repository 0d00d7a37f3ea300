// SPDX-License-Identifier: Apache-2.0
#include "operator/certs/certificate_keeper.h"

#include <gtest/gtest.h>

#include "common/bytes/base64.h"
#include "operator/certs/authority_secret.h"
#include "operator/certs/trust.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::ctl {
namespace {

const kube::ObjectKey kSecret{"system", "w"};

class Keeper : public testing::Test {
 protected:
  void install() {
    for (const auto& type : {kMutatingWebhookConfigurations, kValidatingWebhookConfigurations}) {
      api.put(type, {{"kind", type.kind},
                     {"metadata", {{"name", "w"}}},
                     {"webhooks", Json::array({{{"name", "a"}}})}});
    }
  }
  [[nodiscard]] std::string authority() const {
    const auto secret = api.find(kube::kSecrets, kSecret);
    return secret ? decode_base64(text_at(*secret, {"data", "ca.crt"})).value() : "";
  }
  [[nodiscard]] std::string trusted(const kube::ResourceType& type) const {
    const auto configuration = api.find(type, {"", "w"});
    return decode_base64(text_at(configuration->at("webhooks").at(0), {"clientConfig", "caBundle"}))
        .value();
  }

  FakeClock clock;
  kube::FakeApi api;
  MetricRegistry metrics;
  std::vector<TlsIdentity> shown;
  CertificateKeeper keeper{{.names = {"w.system.svc"}, .secret = kSecret, .configuration = "w"},
                           api,
                           clock,
                           1,
                           metrics,
                           [this](const TlsIdentity& identity) {
                             shown.push_back(identity);
                             return Status();
                           }};
};

TEST_F(Keeper, IsReadyWhenWhatItShowsIsTrusted) {
  EXPECT_EQ(keeper.missing(), "webhook: its Secret or configurations could not be read yet");
  install();
  EXPECT_EQ(keeper.round(), std::chrono::seconds(10));
  EXPECT_TRUE(keeper.ready());
  EXPECT_EQ(keeper.missing(), "");
  EXPECT_EQ(shown.size(), 1U);
  EXPECT_EQ(trusted(kMutatingWebhookConfigurations), authority());
  EXPECT_EQ(trusted(kValidatingWebhookConfigurations), authority());
}

TEST_F(Keeper, OnceSettledReadsAFewTimesAndWritesNothing) {
  install();
  keeper.round();
  api.forget_calls();
  keeper.round();
  EXPECT_EQ(api.calls().size(), 3U);
  EXPECT_TRUE(api.writes().empty());
}

TEST_F(Keeper, WaitsForAConfigurationAndSaysSo) {
  keeper.round();
  EXPECT_FALSE(keeper.ready());
  EXPECT_EQ(keeper.missing(), "webhook: there is no configuration of that name");
  install();
  keeper.round();
  EXPECT_TRUE(keeper.ready());
}

TEST_F(Keeper, FillsASecretThatIsThereAndEmpty) {
  install();
  api.put(kube::kSecrets,
          {{"metadata", {{"namespace", "system"}, {"name", "w"}, {"labels", {{"a", "b"}}}}}});
  keeper.round();
  EXPECT_TRUE(keeper.ready());
  EXPECT_EQ(api.find(kube::kSecrets, kSecret)->at("metadata").at("labels"), (Json{{"a", "b"}}));
}

TEST_F(Keeper, TakesTheAuthorityOfAnotherReplicaThatWasFaster) {
  install();
  const auto others = make_webhook_authority(clock.wall(), std::chrono::hours(24 * 365));
  api.fault([&](const kube::FakeApi::Call& call) -> std::optional<Error> {
    if (call.verb == "create") {
      api.put(kube::kSecrets, authority_secret(kSecret, {.current = *others, .next = {}}));
    }
    return std::nullopt;
  });
  keeper.round();
  EXPECT_TRUE(keeper.ready());
  EXPECT_EQ(authority(), others->certificate.pem);
}

TEST_F(Keeper, MakesALostOrDamagedSecretAnewAndTrustsTheOldOneOn) {
  install();
  keeper.round();
  for (const bool lost : {true, false}) {
    const std::string before = authority();
    Json secret = *api.find(kube::kSecrets, kSecret);
    secret["data"]["ca.key"] = encode_base64("no key");
    lost ? api.erase(kube::kSecrets, kSecret) : void(api.put(kube::kSecrets, secret));
    keeper.round();
    EXPECT_NE(authority(), before);
    const std::string trusts = trusted(kMutatingWebhookConfigurations);
    EXPECT_NE(trusts.find(authority()), std::string::npos);
    EXPECT_NE(trusts.find(before), std::string::npos);
  }
  EXPECT_EQ(shown.size(), 1U);  // until the new one has been trusted for some time
  clock.advance(std::chrono::minutes(10));
  keeper.round();
  EXPECT_EQ(shown.size(), 2U);
}

TEST_F(Keeper, PutsABundleBackThatSomebodyHasChanged) {
  install();
  keeper.round();
  install();
  api.put(kMutatingWebhookConfigurations,
          {{"metadata", {{"name", "w"}}},
           {"webhooks", Json::array({{{"name", "a"}, {"clientConfig", {{"caBundle", "eA=="}}}},
                                     {{"name", "new"}}})}});
  keeper.round();
  EXPECT_EQ(trusted(kMutatingWebhookConfigurations), authority());
  EXPECT_EQ(shown.size(), 1U);
  EXPECT_TRUE(keeper.ready());
}

TEST_F(Keeper, TriesAgainSoonAndThenLessOften) {
  install();
  api.fault([](const kube::FakeApi::Call&) { return Error{ErrorKind::kDenied, "no"}; });
  EXPECT_LE(keeper.round(), std::chrono::seconds(1));
  for (int i = 0; i < 20; ++i) keeper.round();
  EXPECT_GE(keeper.round(), std::chrono::milliseconds(500));
  EXPECT_FALSE(keeper.ready());
  api.fault({});
  keeper.round();
  EXPECT_TRUE(keeper.ready());
}

TEST_F(Keeper, ShowsNoKeyAnywhereElse) {
  install();
  keeper.round();
  for (const auto& type : {kMutatingWebhookConfigurations, kValidatingWebhookConfigurations}) {
    EXPECT_EQ(api.find(type, {"", "w"})->dump().find("PRIVATE"), std::string::npos);
    EXPECT_EQ(trusted(type).find("PRIVATE"), std::string::npos);
  }
  const std::string secret = api.find(kube::kSecrets, kSecret)->dump();
  EXPECT_EQ(secret.find(encode_base64(shown.at(0).key)), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::ctl
