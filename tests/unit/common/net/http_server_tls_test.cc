// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>

#include "common/net/http_server.h"
#include "tests/sandbox/certificates.h"
#include "tests/sandbox/files.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

class HttpServerTls : public testing::Test {
 protected:
  HttpServerTls() { std::filesystem::create_directories(folder); }
  ~HttpServerTls() override { std::filesystem::remove_all(folder); }

  void write(const std::string& path, const std::string& text) const {
    ASSERT_TRUE(sandbox::write_text(path, text));
  }
  void write(const TlsIdentity& pair) const {
    write(tls.certificate_file, pair.certificate);
    write(tls.key_file, pair.key);
  }

  static TlsIdentity issue(const Authority& authority, const std::string& host) {
    return sandbox::issue_server_certificate(authority, {host})->identity();
  }

  [[nodiscard]] std::unique_ptr<HttpServer> start() const {
    auto server = HttpServer::start(
        {.listen = {"127.0.0.1", 0}, .tls = tls},
        [](const HttpServerRequest&, HttpReplier replier) { replier.reply({.body = "hello"}); });
    EXPECT_TRUE(server) << server.error().message;
    return *std::move(server);
  }

  // The answer to a client that trusts the authority; "" if it cannot connect.
  static std::string ask(const HttpServer& server, const Authority& authority,
                         const TlsIdentity* client = nullptr) {
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.add_certificate_authority(asio::buffer(authority.certificate.pem));
    context.set_verify_mode(asio::ssl::verify_peer);
    if (client != nullptr) {
      context.use_certificate_chain(asio::buffer(client->certificate));
      context.use_private_key(asio::buffer(client->key), asio::ssl::context::pem);
    }
    asio::io_context io;
    asio::ssl::stream<asio::ip::tcp::socket> stream(io, context);
    stream.set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
    stream.next_layer().connect({asio::ip::address_v4::loopback(), server.port()});
    error_code error;
    stream.handshake(asio::ssl::stream_base::client, error);
    if (error) return "";
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    request.keep_alive(false);
    http::write(stream, request, error);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(stream, buffer, response, error);
    return response.body();
  }

  const std::string folder = testing::TempDir() + "/http_server_tls_" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
  TlsServerOptions tls{.certificate_file = folder + "/server.pem",
                       .key_file = folder + "/server-key.pem",
                       .client_ca_file = ""};
  const Authority authority = *sandbox::make_authority("one");
  const Authority other_authority = *sandbox::make_authority("two");
};

TEST_F(HttpServerTls, ShowsItsCertificate) {
  write(issue(authority, "127.0.0.1"));
  const auto server = start();
  EXPECT_EQ(ask(*server, authority), "hello");
  EXPECT_EQ(ask(*server, other_authority), "");
}

TEST_F(HttpServerTls, PicksUpARotatedCertificateOnceItIsWhole) {
  write(issue(authority, "127.0.0.1"));
  const auto server = start();
  const TlsIdentity fresh = issue(other_authority, "127.0.0.1");
  write(tls.certificate_file, fresh.certificate);
  EXPECT_EQ(ask(*server, authority), "hello");
  write(tls.key_file, fresh.key);
  EXPECT_EQ(ask(*server, other_authority), "hello");
}

TEST_F(HttpServerTls, WantsACertificateOfTheClientsAuthority) {
  write(issue(authority, "127.0.0.1"));
  tls.client_ca_file = folder + "/client-ca.pem";
  write(tls.client_ca_file, other_authority.certificate.pem);
  const auto server = start();
  const TlsIdentity known = issue(other_authority, "client");
  const TlsIdentity unknown = issue(authority, "client");
  EXPECT_EQ(ask(*server, authority, &known), "hello");
  EXPECT_EQ(ask(*server, authority, &unknown), "");
  EXPECT_EQ(ask(*server, authority), "");
}

TEST_F(HttpServerTls, DoesNotStartWithoutAPairThatFits) {
  const TlsIdentity first = issue(authority, "127.0.0.1");
  const TlsIdentity second = issue(authority, "127.0.0.1");
  write({.certificate = first.certificate, .key = second.key});
  const auto server = HttpServer::start({.listen = {"127.0.0.1", 0}, .tls = tls},
                                        [](const HttpServerRequest&, const HttpReplier&) {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind, ErrorKind::kInvalid);
}

TEST_F(HttpServerTls, ShowsAnIdentityThatIsInNoFileAndTheNextOneWhileItRuns) {
  const TlsIdentity first = issue(authority, "127.0.0.1");
  const TlsIdentity second = issue(other_authority, "127.0.0.1");
  const auto server = HttpServer::start(
      {.listen = {"127.0.0.1", 0}, .identity = first},
      [](const HttpServerRequest&, HttpReplier replier) { replier.reply({.body = "hello"}); });
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(ask(**server, authority), "hello");
  ASSERT_TRUE((*server)->show(second));
  EXPECT_EQ(ask(**server, other_authority), "hello");
  EXPECT_EQ(ask(**server, authority), "");

  const Status unfit = (*server)->show({first.certificate, second.key});
  ASSERT_FALSE(unfit);
  EXPECT_EQ(unfit.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(unfit.error().message.find("PRIVATE"), std::string::npos);
  EXPECT_EQ(ask(**server, other_authority), "hello");
}

TEST_F(HttpServerTls, ShowsNothingElseThanItsFiles) {
  const TlsIdentity pair = issue(authority, "127.0.0.1");
  write(pair);
  EXPECT_FALSE(start()->show(pair));
}

TEST_F(HttpServerTls, IsNotHeldUpByClientsThatBeginNoHandshake) {
  const TlsIdentity pair = issue(authority, "127.0.0.1");
  const auto server = HttpServer::start(
      {.listen = {"127.0.0.1", 0},
       .identity = pair,
       .connections_max = 4,
       .progress_timeout = std::chrono::seconds(2)},
      [](const HttpServerRequest&, HttpReplier replier) { replier.reply({.body = "hello"}); });
  ASSERT_TRUE(server);
  asio::io_context io;
  std::vector<asio::ip::tcp::socket> silent;
  for (int i = 0; i < 8; ++i) {
    silent.emplace_back(io).connect({asio::ip::address_v4::loopback(), (*server)->port()});
  }
  EXPECT_EQ(ask(**server, authority), "hello");
  for (auto& socket : silent) {  // each is closed eventually, when evicted or by the timeout
    char byte = 0;
    error_code error;
    EXPECT_EQ(socket.read_some(asio::buffer(&byte, 1), error), 0U);
    EXPECT_TRUE(error);
  }
}

}  // namespace
}  // namespace dualtrace
