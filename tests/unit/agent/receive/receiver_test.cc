// SPDX-License-Identifier: Apache-2.0
#include "agent/receive/receiver.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <thread>

#include "tests/fakes/fake_intake.h"
#include "tests/fakes/test_certificates.h"
#include "tests/unit/agent/receive/http2_client.h"
#include "tests/unit/agent/receive/test_client.h"

namespace dualtrace::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kPost =
    "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    "Content-Length: 2\r\n\r\n{}";
constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
// Removes the date header, which differs in each answer.
std::string dateless(std::string answer) {
  const size_t date = answer.find("date: ");
  if (date != std::string::npos) answer.erase(date, answer.find("\r\n", date) + 2 - date);
  return answer;
}

constexpr char kAlpn[] = "\x02h2\x08http/1.1";

class ReceiverTest : public testing::Test {
 protected:
  ReceiverTest() { config.listen = {{"127.0.0.1", 0}}; }
  void start() {
    Result<std::unique_ptr<Receiver>> started = Receiver::start(config, intake, metrics);
    ASSERT_TRUE(started) << started.error().message;
    receiver = std::move(started).value();
    ports = receiver->ports();
  }
  // Sends one gRPC export. Returns its grpc-status.
  static std::string grpc_export(TestClient& connection, const std::string& message) {
    Http2Client client;
    const int32_t id = client.request(grpc_headers(), grpc_frame(message));
    connection.send(client.take_output());
    while (!client.responses[id].complete) {
      const std::string bytes = connection.receive();
      if (bytes.empty()) return "closed";
      client.receive(bytes);
      connection.send(client.take_output());
    }
    return client.responses[id].headers["grpc-status"];
  }
  bool has_metric(const std::string& line) const {
    return metrics.text().find(line + "\n") != std::string::npos;
  }

  FakeIntake intake;
  MetricRegistry metrics;
  ReceiverConfig config;
  TestAuthority authority;
  std::vector<uint16_t> ports;
  std::unique_ptr<Receiver> receiver;
};

TEST_F(ReceiverTest, SpeaksEveryProtocolOnEveryPort) {
  config.listen = {{"127.0.0.1", 0}, {"::1", 0}};
  start();
  const std::string addresses[] = {"127.0.0.1", "::1"};
  for (size_t i = 0; i < 2; ++i) {
    TestClient http(addresses[i], ports[i]);
    for (int request = 0; request < 3; ++request) {
      http.send(kPost);
      EXPECT_EQ(dateless(http.receive_until("{}")), kOk);
    }
    TestClient grpc(addresses[i], ports[i]);
    EXPECT_EQ(grpc_export(grpc, "spans"), "0");
  }
  EXPECT_TRUE(has_metric("dualtrace_receiver_requests_total{code=\"0\",protocol=\"grpc\"} 2"));
}

TEST_F(ReceiverTest, TakesIpv4OnTheIpv6Wildcard) {
  config.listen = {{"::", 0}};
  start();
  for (const char* address : {"127.0.0.1", "::1"}) {
    TestClient client(address, ports[0]);
    client.send(kPost);
    EXPECT_EQ(dateless(client.receive_until("{}")), kOk);
  }
}

TEST_F(ReceiverTest, AnswersFromAnotherThread) {
  config.threads = 2;
  intake.held = true;
  start();
  TestClient first("127.0.0.1", ports[0]);
  TestClient second("127.0.0.1", ports[0]);
  first.send(kPost);
  second.send(kPost);
  intake.wait_for(2);
  intake.answer_held(fail(Error{ErrorKind::kUnavailable, "busy", seconds(3)}));
  EXPECT_NE(first.receive_until("}]}").find("retry-after: 3"), std::string::npos);
  EXPECT_NE(second.receive_until("}]}").find("503"), std::string::npos);
}

TEST_F(ReceiverTest, DropsAnswersForConnectionsAndReceiversThatAreGone) {
  intake.held = true;
  start();
  {
    TestClient client("127.0.0.1", ports[0]);
    client.send(kPost);
    intake.wait_for(1);
  }
  TestClient client("127.0.0.1", ports[0]);
  client.send(kPost);
  intake.wait_for(2);
  receiver.reset();
  intake.answer_held({});
  EXPECT_EQ(client.receive(), "");
}

TEST_F(ReceiverTest, MovesLargeBodies) {
  intake.bytes_max = 8 << 20;
  start();
  const std::string body(1'000'000, 'b');
  TestClient client("127.0.0.1", ports[0]);
  client.send(
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 1000000\r\n\r\n");
  client.send(body);
  EXPECT_EQ(dateless(client.receive_until("{}")), kOk);
  EXPECT_EQ(intake.wait_for(1)[0], body);
}

TEST_F(ReceiverTest, LetsAClientReadARefusalWhileItStillSends) {
  start();
  TestClient client("127.0.0.1", ports[0]);
  client.send(
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 10000000\r\n\r\n");
  EXPECT_TRUE(client.send(std::string(10'000'000, 'x')));  // read and discarded
  client.end_output();
  EXPECT_NE(client.receive_all().find("413"), std::string::npos);
}

TEST_F(ReceiverTest, AnswersAHalfClosedClient) {
  intake.held = true;
  start();
  TestClient client("127.0.0.1", ports[0]);
  client.send(kPost);
  client.end_output();
  intake.wait_for(1);
  intake.answer_held({});
  EXPECT_EQ(dateless(client.receive_all()), kOk);
}

TEST_F(ReceiverTest, ClosesConnectionsAboveTheLimit) {
  config.limits.connections = 2;
  start();
  auto first = std::make_unique<TestClient>("127.0.0.1", ports[0]);
  TestClient second("127.0.0.1", ports[0]);
  for (TestClient* client : {first.get(), &second}) {
    client->send(kPost);
    client->receive_until("{}");
  }
  EXPECT_TRUE(has_metric("dualtrace_receiver_connections 2"));
  EXPECT_EQ(TestClient("127.0.0.1", ports[0]).receive_all(), "");
  EXPECT_TRUE(has_metric("dualtrace_receiver_connections_refused_total 1"));
  second.send(kPost);
  EXPECT_EQ(dateless(second.receive_until("{}")), kOk);
  first.reset();
  // The place becomes free once the receiver has seen the connection close.
  for (;;) {
    TestClient third("127.0.0.1", ports[0]);
    third.send(kPost);
    if (dateless(third.receive_until("{}")) == kOk) break;
  }
}

TEST_F(ReceiverTest, GivesThePlaceOfAnIdleConnectionToAnotherPeer) {
  config.limits.connections = 3;
  start();
  std::vector<std::unique_ptr<TestClient>> greedy;
  for (int i = 0; i < 3; ++i) {
    greedy.push_back(std::make_unique<TestClient>("127.0.0.1", ports[0]));
    greedy.back()->send(kPost);
    EXPECT_EQ(dateless(greedy.back()->receive_until("{}")), kOk);
  }
  TestClient other = TestClient::from("127.0.0.2", ports[0]);
  other.send(kPost);
  EXPECT_EQ(dateless(other.receive_until("{}")), kOk);
  EXPECT_EQ(greedy[0]->receive(), "");  // the one that was idle longest
  greedy[2]->send(kPost);
  EXPECT_EQ(dateless(greedy[2]->receive_until("{}")), kOk);
  EXPECT_TRUE(has_metric("dualtrace_receiver_connections_given_up_total{reason=\"displaced\"} 1"));
  EXPECT_TRUE(has_metric("dualtrace_receiver_connections_refused_total 0"));
}

TEST_F(ReceiverTest, LeavesAPeerItsOnlyConnection) {
  config.limits.connections = 1;
  start();
  TestClient first("127.0.0.1", ports[0]);
  EXPECT_EQ(grpc_export(first, "spans"), "0");
  // Nobody is above its share: displacing one would only swap the two.
  EXPECT_EQ(TestClient::from("127.0.0.2", ports[0]).receive_all(), "");
}

TEST_F(ReceiverTest, ChargesWhatComesToThePeerThatSendsIt) {
  start();
  const std::string request =
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "Content-Length: 250000\r\n\r\n" +
      std::string(249'999, 'x');  // a byte short
  std::vector<std::unique_ptr<TestClient>> noisy;
  for (size_t count = 1; count <= 4; ++count) {
    noisy.push_back(std::make_unique<TestClient>("127.0.0.1", ports[0]));
    noisy.back()->send(request);
    while (count < 4 && intake.admission.bytes_admitted() < count * 249'999) {
      std::this_thread::yield();
    }
  }
  const std::string refusal = noisy.back()->receive_until("}]}");
  EXPECT_NE(refusal.find("429"), std::string::npos) << refusal;
  EXPECT_NE(refusal.find("retry-after: 1"), std::string::npos);
  TestClient quiet = TestClient::from("127.0.0.3", ports[0]);
  quiet.send(kPost);
  EXPECT_EQ(dateless(quiet.receive_until("{}")), kOk);
}

TEST_F(ReceiverTest, ClosesConnectionsThatSaySlowlyOrNothing) {
  config.limits.header_timeout = milliseconds(50);
  start();
  TestClient silent("127.0.0.1", ports[0]);
  TestClient preface("127.0.0.1", ports[0]);
  preface.send("PRI * HTTP/2.0\r\n\r\n");
  TestClient slow("127.0.0.1", ports[0]);
  slow.send("POST /v1/tr");
  EXPECT_EQ(silent.receive_all(), "");
  EXPECT_NE(slow.receive_until("time").find("408"), std::string::npos);
  preface.receive_all();  // SETTINGS and GOAWAY, then the end
}

TEST_F(ReceiverTest, ClosesAConnectionThatDoesNotReadItsAnswers) {
  config.limits.body_timeout = milliseconds(50);
  start();
  TestClient client("127.0.0.1", ports[0]);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  while (client.send(many)) {
  }
}

TEST_F(ReceiverTest, DrainClosesIdleConnectionsAndAnswersTheOthers) {
  intake.held = true;
  start();
  TestClient idle("127.0.0.1", ports[0]);
  TestClient busy("127.0.0.1", ports[0]);
  TestClient grpc("127.0.0.1", ports[0]);
  busy.send(kPost);
  auto status = std::async(std::launch::async, [&] { return grpc_export(grpc, "spans"); });
  intake.wait_for(2);
  auto drained = std::async(std::launch::async, [&] { receiver->drain(seconds(20)); });
  EXPECT_EQ(idle.receive_all(), "");
  intake.answer_held({});
  EXPECT_NE(busy.receive_all().find("connection: close"), std::string::npos);
  EXPECT_EQ(status.get(), "0");
  drained.get();
}

TEST_F(ReceiverTest, DrainGivesUpAfterItsTime) {
  intake.held = true;
  start();
  TestClient client("127.0.0.1", ports[0]);
  client.send(kPost);
  intake.wait_for(1);
  receiver->drain(milliseconds(20));
  receiver.reset();
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(ReceiverTest, SaysWhenAnAddressIsTakenOrWrong) {
  start();
  config.listen = {{"127.0.0.1", ports[0]}};
  EXPECT_EQ(Receiver::start(config, intake, metrics).error().kind, ErrorKind::kConflict);
  config.listen = {{"192.0.2.1", 0}};
  EXPECT_EQ(Receiver::start(config, intake, metrics).error().kind, ErrorKind::kInvalid);
}

TEST_F(ReceiverTest, SpeaksEveryProtocolOverTls) {
  config.tls = authority.issue({"127.0.0.1"});
  start();
  TestClient grpc("127.0.0.1", ports[0], {authority.ca_file(), {}, kAlpn});
  EXPECT_EQ(grpc.protocol(), "h2");
  EXPECT_EQ(grpc_export(grpc, std::string(100'000, 'x')), "0");
  TestClient http("127.0.0.1", ports[0], {authority.ca_file(), {}, "\x08http/1.1"});
  EXPECT_EQ(http.protocol(), "http/1.1");
  http.send(kPost);
  EXPECT_EQ(dateless(http.receive_until("{}")), kOk);
  TestClient plain("127.0.0.1", ports[0]);
  plain.send(kPost);
  EXPECT_EQ(plain.receive_all().find("HTTP"), std::string::npos);
}

TEST_F(ReceiverTest, RefusesAlpnThatItDoesNotSpeak) {
  config.tls = authority.issue({"127.0.0.1"});
  start();
  for (const char* protocols : {"\x02h3", "\x08http/1.0", "\x03h2c"}) {
    EXPECT_FALSE(
        TestClient("127.0.0.1", ports[0], {authority.ca_file(), {}, protocols}).handshaken());
  }
  TestClient some("127.0.0.1", ports[0], {authority.ca_file(), {}, "\x02h3\x08http/1.1"});
  EXPECT_EQ(some.protocol(), "http/1.1");
  TestClient none("127.0.0.1", ports[0], {authority.ca_file(), {}, ""});
  EXPECT_EQ(none.protocol(), "");
  EXPECT_EQ(grpc_export(none, "spans"), "0");
}

TEST_F(ReceiverTest, SpeaksNoHttp2OverACipherThatItForbids) {
  config.tls = authority.issue({"127.0.0.1"});
  start();
  const std::string cbc = "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0";
  const std::string aead = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
  TestClient good("127.0.0.1", ports[0], {authority.ca_file(), {}, "\x02h2", aead});
  EXPECT_EQ(good.protocol(), "h2");
  EXPECT_FALSE(
      TestClient("127.0.0.1", ports[0], {authority.ca_file(), {}, "\x02h2", cbc}).handshaken());
  TestClient both("127.0.0.1", ports[0], {authority.ca_file(), {}, kAlpn, cbc});
  EXPECT_EQ(both.protocol(), "http/1.1");
  both.send(kPost);
  EXPECT_EQ(dateless(both.receive_until("{}")), kOk);
  TestClient none("127.0.0.1", ports[0], {authority.ca_file(), {}, "", cbc});
  EXPECT_TRUE(none.handshaken());
  EXPECT_EQ(grpc_export(none, "spans"), "closed");
}

TEST_F(ReceiverTest, ReadsRotatedCertificatesForNewConnections) {
  const auto replace = [](const std::string& path, const std::string& by) {
    std::filesystem::copy_file(by, path, std::filesystem::copy_options::overwrite_existing);
  };
  config.tls = authority.issue({"127.0.0.1"});
  const TlsServerOptions next = authority.issue({"127.0.0.1"});
  start();
  const auto served = [&] {
    const TestClient client("127.0.0.1", ports[0], {authority.ca_file(), {}, kAlpn});
    EXPECT_TRUE(client.handshaken());
    return client.server_certificate();
  };
  const std::string first = served();
  replace(config.tls->certificate_file, next.certificate_file);
  EXPECT_EQ(served(), first);  // its key has not been replaced yet
  replace(config.tls->key_file, next.key_file);
  EXPECT_NE(served(), first);
}

TEST_F(ReceiverTest, DemandsAClientCertificateOfTheConfiguredAuthority) {
  config.tls = authority.issue({"127.0.0.1"});
  config.tls->client_ca_file = authority.ca_file();
  TestAuthority other;
  start();
  const auto answer_to = [&](const TlsServerOptions& identity) {
    TestClient client("127.0.0.1", ports[0], {authority.ca_file(), identity, ""});
    client.send(kPost);
    return dateless(client.receive_until("{}"));
  };
  EXPECT_EQ(answer_to(authority.issue({"client"})), kOk);
  EXPECT_EQ(answer_to({}), "");
  EXPECT_EQ(answer_to(other.issue({"client"})), "");
}

TEST_F(ReceiverTest, RefusesToStartWithBadTlsFiles) {
  config.tls = authority.issue({"127.0.0.1"});
  config.tls->key_file = authority.issue({"127.0.0.1"}).key_file;
  EXPECT_EQ(Receiver::start(config, intake, metrics).error().kind, ErrorKind::kInvalid);
  config.tls->certificate_file += ".missing";
  const Error error = Receiver::start(config, intake, metrics).error();
  EXPECT_EQ(error.kind, ErrorKind::kInvalid);
  EXPECT_NE(error.message.find(config.tls->certificate_file), std::string::npos);
}

}  // namespace
}  // namespace dualtrace::agent
