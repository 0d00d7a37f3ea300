// SPDX-License-Identifier: Apache-2.0
#include "common/kube/connections.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/common/kube/fake_credential.h"

namespace dualtrace::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct ConnectionsTest : testing::Test {
  void make(const TlsClientOptions& tls) {
    HttpClients clients;
    for (auto* client : {&clients.calls, &clients.lists, &clients.watches}) {
      auto fake = std::make_unique<FakeHttpClient>(sent);
      fakes.push_back(fake.get());
      *client = std::move(fake);
    }
    connections = std::make_unique<Connections>(
        ClientConfig{.server = *parse_url("https://h"), .tls = tls}, "agent/1", std::move(clients),
        std::make_unique<FakeCredential>(credential), clock);
  }
  Shown authorize() {
    HttpRequest request;
    return *connections->authorize(request);
  }
  // All clients must have the same.
  std::vector<TlsClientOptions> renewed() {
    for (const FakeHttpClient* fake : fakes) EXPECT_EQ(fake->renewed, fakes[0]->renewed);
    return fakes[0]->renewed;
  }

  FakeClock clock;
  FakeCredential::State credential{.shown = {Shown{}}};
  std::deque<FakeHttpClient::Sent> sent;
  std::vector<FakeHttpClient*> fakes;
  std::unique_ptr<Connections> connections;
};

TEST_F(ConnectionsTest, AreMadeAnewAfterFiveMinutesSoThatRotatedFilesComeIntoUse) {
  const TlsClientOptions tls{.ca_file = "/ca"};
  make(tls);
  authorize();
  clock.advance(minutes(5) - seconds(1));
  authorize();
  EXPECT_TRUE(renewed().empty());
  clock.advance(seconds(1));
  authorize();
  authorize();
  EXPECT_EQ(renewed(), std::vector{tls});
}

TEST_F(ConnectionsTest, AreKeptWhenNothingCanRotate) {
  make({.ca_text = "CA"});
  clock.advance(minutes(60));
  authorize();
  EXPECT_TRUE(renewed().empty());
}

TEST_F(ConnectionsTest, ShowTheCertificateThatTheCredentialHas) {
  credential.shown = {Shown{.certificate = "C1", .key = "K1"},
                      Shown{.certificate = "C2", .key = "K2"}};
  make({.ca_text = "CA"});
  const Shown first = authorize();
  EXPECT_EQ(renewed(), (std::vector<TlsClientOptions>{
                           {.ca_text = "CA", .certificate_text = "C1", .key_text = "K1"}}));
  authorize();
  EXPECT_TRUE(connections->refused(first));
  authorize();
  EXPECT_EQ(renewed().size(), 2U);
  EXPECT_EQ(renewed().back().certificate_text, "C2");
}

TEST_F(ConnectionsTest, AreMadeAnewWhenTheCertificateInAFileIsRefused) {
  make({.certificate_file = "/c", .key_file = "/k"});
  const Shown shown = authorize();
  clock.advance(seconds(10));
  EXPECT_TRUE(connections->refused(shown));
  EXPECT_EQ(renewed().size(), 1U);
  EXPECT_FALSE(connections->refused(shown));  // it was read just now
  clock.advance(seconds(10));
  EXPECT_TRUE(connections->refused(shown));
}

TEST_F(ConnectionsTest, DoNotReplaceACredentialThatWasReplacedBefore) {
  credential.shown = {Shown{.authorization = "a"}, Shown{.authorization = "b"}};
  make({});
  const Shown old = authorize();
  EXPECT_TRUE(connections->refused(old));
  authorize();
  EXPECT_TRUE(connections->refused(old));
  EXPECT_EQ(credential.refusals, 1);
}

}  // namespace
}  // namespace dualtrace::kube
