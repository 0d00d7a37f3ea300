// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>

#include "tests/fakes/raw_server.h"
#include "tests/fakes/test_certificates.h"
#include "tests/unit/common/net/http_sender_calls.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

Result<HttpResponse> call_tls(uint16_t port, TlsClientOptions tls,
                              const std::string& host = "127.0.0.1") {
  return call(*make_http_sender({.origin = url("https", host, port), .tls = std::move(tls)}));
}

struct HttpSenderTls : testing::Test {
  TestAuthority authority;
  TestAuthority stranger;
};

TEST_F(HttpSenderTls, TrustsTheGivenAuthorityOnly) {
  const auto server = serve(
      {.listen = {"127.0.0.1", 0}, .tls = authority.issue({"localhost", "127.0.0.1"})}, answer_ok);
  EXPECT_TRUE(call_tls(server->port(), {.ca_file = authority.ca_file()}, "localhost"));
  EXPECT_TRUE(call_tls(server->port(), {.ca_file = authority.ca_file()}));
  EXPECT_TRUE(call_tls(server->port(), {.ca_text = authority.ca_pem()}));
  for (const std::string& ca_file : {stranger.ca_file(), std::string()}) {
    const auto refused = call_tls(server->port(), {.ca_file = ca_file});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
    EXPECT_NE(cause(refused).find("local issuer certificate"), std::string::npos) << cause(refused);
  }
}

TEST_F(HttpSenderTls, VerifiesTheHostsNameOrAddress) {
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue({"other.example", "127.0.0.2"})},
            answer_ok);
  const TlsClientOptions tls{.ca_file = authority.ca_file()};
  EXPECT_NE(cause(call_tls(server->port(), tls, "localhost")).find("ostname mismatch"),
            std::string::npos);
  EXPECT_NE(cause(call_tls(server->port(), tls)).find("IP address mismatch"), std::string::npos);
  TlsClientOptions other = tls;
  other.server_name = "other.example";
  EXPECT_TRUE(call_tls(server->port(), other));
  EXPECT_TRUE(call_tls(server->port(), {.insecure = true}));
}

TEST_F(HttpSenderTls, RefusesAnExpiredCertificate) {
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue_expired({"127.0.0.1"})}, answer_ok);
  const auto refused = call_tls(server->port(), {.ca_file = authority.ca_file()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(cause(refused).find("certificate has expired"), std::string::npos) << cause(refused);
}

// A missing CA file must never cause a fallback to other roots.
TEST_F(HttpSenderTls, SendsNothingWhileItsAuthorityCannotBeRead) {
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue({"127.0.0.1"})}, answer_ok);
  const std::string ca_file = stranger.ca_file() + ".current";
  const auto sender = make_http_sender({.origin = url("https", "127.0.0.1", server->port()),
                                        .tls = {.ca_file = ca_file},
                                        .idle_max = Duration::zero()});
  const auto expect_unusable = [&] {
    const auto answer = call(*sender);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
    EXPECT_NE(cause(answer).find(ca_file), std::string::npos) << cause(answer);
  };
  expect_unusable();
  for (const char* content : {"", "not PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n"}) {
    std::ofstream(ca_file) << content;
    expect_unusable();
  }
  std::ofstream(ca_file) << stranger.ca_pem();
  EXPECT_FALSE(call(*sender));
  std::ofstream(ca_file) << authority.ca_pem();
  EXPECT_TRUE(call(*sender));
  std::filesystem::remove(ca_file);
  Result<HttpResponse> answer = call(*sender);
  while (answer) answer = call(*sender);  // until the reused connection is gone
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
}

TEST_F(HttpSenderTls, AsksForTheNameItVerifies) {
  const TlsServerOptions files = authority.issue({"kubernetes.test"});
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(files.certificate_file);
  context.use_private_key_file(files.key_file, asio::ssl::context::pem);
  std::string asked;
  RawServer server([&](tcp::socket& socket) {
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    stream.handshake(asio::ssl::stream_base::server);
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    asked = name == nullptr ? "" : name;
    std::string head;
    asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n");
    asio::write(stream, asio::buffer(kOk));
  });
  EXPECT_TRUE(
      call_tls(server.port(), {.ca_file = authority.ca_file(), .server_name = "kubernetes.test"}));
  EXPECT_EQ(asked, "kubernetes.test");
}

TEST_F(HttpSenderTls, ShowsItsCertificateAndSaysWhatIsWrongWithIt) {
  TlsServerOptions options = authority.issue({"127.0.0.1"});
  options.client_ca_file = authority.ca_file();
  const auto server = serve({.listen = {"127.0.0.1", 0}, .tls = options}, answer_ok);
  const TlsServerOptions mine = authority.issue({"client.test"});
  const auto call_with = [&](const std::string& certificate, const std::string& key) {
    return call_tls(
        server->port(),
        {.ca_file = authority.ca_file(), .certificate_file = certificate, .key_file = key});
  };
  EXPECT_FALSE(call_with("", ""));
  EXPECT_TRUE(call_with(mine.certificate_file, mine.key_file));
  const auto unusable = call_with(mine.certificate_file, "/missing");
  ASSERT_FALSE(unusable);
  EXPECT_EQ(unusable.error().kind, ErrorKind::kInvalid);
  EXPECT_NE(cause(unusable).find("client key file /missing"), std::string::npos);
}

}  // namespace
}  // namespace dualtrace
