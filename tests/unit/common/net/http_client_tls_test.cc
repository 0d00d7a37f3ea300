// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "common/net/http_client.h"
#include "common/net/http_server.h"
#include "tests/fakes/raw_server.h"
#include "tests/fakes/test_certificates.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

std::unique_ptr<HttpServer> serve(const TlsServerOptions& tls) {
  auto server = HttpServer::start(
      {.listen = {"127.0.0.1", 0}, .tls = tls},
      [](HttpServerRequest, HttpReplier replier) { replier.reply({.body = "fine"}); });
  EXPECT_TRUE(server);
  return *std::move(server);
}

Result<HttpResponse> get(HttpClient& client) {
  std::promise<Result<HttpResponse>> answer;
  client.send({.method = "GET"}, std::chrono::seconds(20),
              [&](Result<HttpResponse> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

Result<HttpResponse> get_from(uint16_t port, TlsClientOptions tls) {
  const auto client =
      make_http_client({.origin = {.scheme = "https", .authority = {"127.0.0.1", port}, .path = {}},
                        .tls = std::move(tls)});
  return get(*client);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct HttpClientTls : testing::Test {
  TestAuthority authority;
  TestAuthority stranger;
};

TEST_F(HttpClientTls, TakesTheAuthorityAsTextAndTrustsNoOther) {
  const auto server = serve(authority.issue({"127.0.0.1"}));
  EXPECT_TRUE(get_from(server->port(), {.ca_text = authority.ca_pem()}));
  EXPECT_TRUE(get_from(server->port(), {.ca_text = stranger.ca_pem() + authority.ca_pem()}));
  // The text takes precedence over the file.
  EXPECT_FALSE(
      get_from(server->port(), {.ca_file = authority.ca_file(), .ca_text = stranger.ca_pem()}));
  const auto refused = get_from(server->port(), {.ca_text = "not PEM"});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("the CA cannot be read as PEM certificates"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(HttpClientTls, VerifiesAnotherNameThanTheHostsWhenTold) {
  const auto server = serve(authority.issue({"kubernetes.test"}));
  const auto answer = [&](const std::string& server_name) {
    return get_from(server->port(), {.ca_file = authority.ca_file(), .server_name = server_name});
  };
  EXPECT_FALSE(answer(""));
  EXPECT_FALSE(answer("other.test"));
  EXPECT_TRUE(answer("kubernetes.test"));
}

TEST_F(HttpClientTls, AsksForTheNameItVerifies) {
  const TlsServerOptions files = authority.issue({"kubernetes.test"});
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(files.certificate_file);
  context.use_private_key_file(files.key_file, asio::ssl::context::pem);
  std::string asked;
  std::string head;
  RawServer server([&](tcp::socket& socket) {
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    stream.handshake(asio::ssl::stream_base::server);
    const char* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    asked = name == nullptr ? "" : name;
    asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n");
    asio::write(stream, asio::buffer(std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                                      "Connection: close\r\n\r\n")));
  });
  EXPECT_TRUE(
      get_from(server.port(), {.ca_file = authority.ca_file(), .server_name = "kubernetes.test"}));
  EXPECT_EQ(asked, "kubernetes.test");
  EXPECT_NE(head.find("Host: 127.0.0.1:"), std::string::npos) << head;
}

TEST_F(HttpClientTls, VerifiesNothingWhenToldSo) {
  const auto server = serve(stranger.issue({"other.test"}));
  EXPECT_FALSE(get_from(server->port(), {}));
  EXPECT_TRUE(get_from(server->port(), {.insecure = true}));
  EXPECT_TRUE(get_from(server->port(), {.ca_file = authority.ca_file(), .insecure = true}));
}

TEST_F(HttpClientTls, ShowsItsCertificateFromFilesOrText) {
  TlsServerOptions options = authority.issue({"127.0.0.1"});
  options.client_ca_file = authority.ca_file();
  const auto server = serve(options);
  const TlsServerOptions mine = authority.issue({"client.test"});
  const TlsServerOptions strangers = stranger.issue({"client.test"});
  const std::string& ca = authority.ca_file();
  EXPECT_FALSE(get_from(server->port(), {.ca_file = ca}));
  EXPECT_FALSE(get_from(server->port(), {.ca_file = ca,
                                         .certificate_file = strangers.certificate_file,
                                         .key_file = strangers.key_file}));
  EXPECT_TRUE(get_from(
      server->port(),
      {.ca_file = ca, .certificate_file = mine.certificate_file, .key_file = mine.key_file}));
  EXPECT_TRUE(get_from(server->port(), {.ca_file = ca,
                                        .certificate_text = content(mine.certificate_file),
                                        .key_text = content(mine.key_file)}));
}

TEST_F(HttpClientTls, RefusesACertificateWithoutItsKey) {
  const auto server = serve(authority.issue({"127.0.0.1"}));
  const TlsServerOptions mine = authority.issue({"client.test"});
  const TlsServerOptions other = authority.issue({"client.test"});
  const auto cause = [&](const std::string& certificate_file, const std::string& key_file) {
    const auto refused = get_from(server->port(), {.ca_file = authority.ca_file(),
                                                   .certificate_file = certificate_file,
                                                   .key_file = key_file});
    return refused ? "answered" : refused.error().message;
  };
  EXPECT_NE(cause(mine.certificate_file, other.key_file).find("do not match"), std::string::npos);
  EXPECT_NE(cause(mine.certificate_file, "/missing").find("client key file /missing"),
            std::string::npos);
  EXPECT_NE(cause("/missing", mine.key_file).find("client certificate file /missing"),
            std::string::npos);
}

}  // namespace
}  // namespace dualtrace
