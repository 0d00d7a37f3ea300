// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <thread>

#include "common/net/http_server.h"
#include "common/sync/mutex.h"
#include "tests/fakes/raw_server.h"
#include "tests/fakes/test_certificates.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<HttpServer> serve(HttpServer::Options options, HttpServer::Handler handler) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return *std::move(server);
}

Url url(const std::string& scheme, const std::string& host, uint16_t port) {
  return Url{.scheme = scheme, .authority = {host, port}, .path = {}};
}

Result<HttpResponse> call(HttpClient& client, HttpRequest request, Duration timeout = seconds(20)) {
  std::promise<Result<HttpResponse>> answer;
  client.send(std::move(request), timeout,
              [&](Result<HttpResponse> result) { answer.set_value(std::move(result)); });
  return answer.get_future().get();
}

Result<HttpResponse> get(HttpClient& client) {
  return call(client, {.method = "GET", .path = "/", .headers = {}, .body = {}});
}

void answer_ok(HttpServerRequest, HttpReplier replier) { replier.reply({.body = "fine"}); }

TEST(HttpClient, SendsTheRequestAsItIsAndReadsTheAnswer) {
  HttpServerRequest seen;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .body_bytes_max = 8 << 20},
            [&](HttpServerRequest request, HttpReplier replier) {
              seen = std::move(request);
              replier.reply({.status = 429, .headers = {{"Retry-After", "3"}}, .body = "slow"});
            });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server->port())});
  const std::string body(3'000'000, 'x');
  const auto answer =
      call(*client, {.path = "/api/2.0/otel/v1/traces?a=b",
                     .headers = {{"Content-Type", "application/x-protobuf"}, {"X-Table", "c.s.t"}},
                     .body = body});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->header("retry-after"), "3");
  EXPECT_EQ(answer->body, "slow");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/api/2.0/otel/v1/traces");
  EXPECT_EQ(seen.query, "a=b");
  EXPECT_EQ(seen.header("content-type"), "application/x-protobuf");
  EXPECT_EQ(seen.header("content-length"), "3000000");
  EXPECT_EQ(seen.header("transfer-encoding"), "");
  EXPECT_EQ(seen.header("x-table"), "c.s.t");
  EXPECT_EQ(seen.header("user-agent"), "dualtrace");
  EXPECT_EQ(seen.header("host"), "127.0.0.1:" + std::to_string(server->port()));
  EXPECT_EQ(seen.body, body);
}

TEST(HttpClient, CallsAnIpv6Address) {
  TestAuthority authority;
  std::string host;
  for (const bool secure : {false, true}) {
    HttpServer::Options options{.listen = {"::1", 0}};
    if (secure) options.tls = authority.issue({"::1"});
    const auto server = serve(options, [&](HttpServerRequest request, HttpReplier replier) {
      host = request.header("host");
      replier.reply({});
    });
    const auto client =
        make_http_client({.origin = url(secure ? "https" : "http", "::1", server->port()),
                          .tls = {.ca_file = secure ? authority.ca_file() : ""}});
    const auto answer = get(*client);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(host, "[::1]:" + std::to_string(server->port()));
  }
}

TEST(HttpClient, TrustsTheGivenAuthorityOnly) {
  TestAuthority authority;
  TestAuthority stranger;
  const auto server = serve(
      {.listen = {"127.0.0.1", 0}, .tls = authority.issue({"localhost", "127.0.0.1"})}, answer_ok);
  const auto answer_with = [&](const std::string& host, const std::string& ca_file) {
    const auto client = make_http_client(
        {.origin = url("https", host, server->port()), .tls = {.ca_file = ca_file}});
    return get(*client);
  };
  EXPECT_TRUE(answer_with("localhost", authority.ca_file()));
  EXPECT_TRUE(answer_with("127.0.0.1", authority.ca_file()));
  for (const std::string& ca_file : {stranger.ca_file(), std::string()}) {
    const auto refused = answer_with("localhost", ca_file);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
    EXPECT_NE(refused.error().message.find("local issuer certificate"), std::string::npos)
        << refused.error().message;
  }
}

TEST(HttpClient, VerifiesTheHostsNameOrAddress) {
  TestAuthority authority;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue({"other.example", "127.0.0.2"})},
            answer_ok);
  for (const auto& [host, cause] : {std::pair("localhost", "ostname mismatch"),
                                    std::pair("127.0.0.1", "IP address mismatch")}) {
    const auto client = make_http_client(
        {.origin = url("https", host, server->port()), .tls = {.ca_file = authority.ca_file()}});
    const auto refused = get(*client);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(cause), std::string::npos) << refused.error().message;
  }
}

TEST(HttpClient, ReadsTheAuthorityAnewForEachConnection) {
  TestAuthority authority;
  TestAuthority stranger;
  const std::string ca_file = stranger.ca_file() + ".current";
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue({"127.0.0.1"})}, answer_ok);
  const auto client = make_http_client(
      {.origin = url("https", "127.0.0.1", server->port()), .tls = {.ca_file = ca_file}});
  const auto missing = get(*client);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find(ca_file), std::string::npos) << missing.error().message;
  std::filesystem::copy_file(stranger.ca_file(), ca_file);
  EXPECT_FALSE(get(*client));
  std::filesystem::copy_file(authority.ca_file(), ca_file,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(get(*client));
}

TEST(HttpClient, KeepsABoundedPartOfTheAnswer) {
  const std::string long_text(5'000'000, 'y');
  const auto server =
      serve({.listen = {"127.0.0.1", 0}},
            [&](HttpServerRequest, HttpReplier replier) { replier.reply({.body = long_text}); });
  const auto client = make_http_client(
      {.origin = url("http", "127.0.0.1", server->port()), .response_bytes_max = 1000});
  for (int i = 0; i < 2; ++i) {
    const auto answer = get(*client);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, long_text.substr(0, 1000));
  }
}

TEST(HttpClient, CutsAnEndlessChunkedAnswer) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (true) write(socket, "4\r\nabcd\r\n");
  });
  const auto client = make_http_client(
      {.origin = url("http", "127.0.0.1", server.port()), .response_bytes_max = 10});
  const auto answer = get(*client);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "abcdabcdab");
}

TEST(HttpClient, GivesUpWhenTheWholeExchangeTakesTooLong) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    // An occasional byte would keep resetting a timeout that covers only a single read.
    asio::steady_timer timer(socket.get_executor());
    while (true) {
      write(socket, "1\r\nx\r\n");
      timer.expires_after(milliseconds(5));
      timer.wait();
    }
  });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server.port())});
  const auto answer = call(*client, {}, milliseconds(100));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
}

TEST(HttpClient, CallsEveryDoneBeforeItIsGone) {
  std::vector<HttpReplier> unanswered;
  std::promise<void> all_there;
  Mutex mutex;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}}, [&](HttpServerRequest, HttpReplier replier) {
        const Lock lock(mutex);
        unanswered.push_back(std::move(replier));
        if (unanswered.size() == 3) all_there.set_value();
      });
  auto client = make_http_client({.origin = url("http", "127.0.0.1", server->port())});
  std::atomic<int> cancelled = 0;
  const auto count = [&](Result<HttpResponse> result) {
    if (!result && result.error().kind == ErrorKind::kCancelled) ++cancelled;
  };
  for (int i = 0; i < 3; ++i) client->send({}, seconds(60), count);
  all_there.get_future().wait();
  for (int i = 0; i < 2; ++i) client->send({}, seconds(60), count);
  client.reset();
  EXPECT_EQ(cancelled, 5);
}

TEST(HttpClient, SaysThatNobodyListens) {
  asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const uint16_t port = acceptor.local_endpoint().port();
  acceptor.close();
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", port)});
  const auto answer = get(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(answer.error().message.starts_with("127.0.0.1:" + std::to_string(port) + ": "))
      << answer.error().message;
}

TEST(HttpClient, DoesNotTakeAHalfAnswerForAWholeOne) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server.port())});
  const auto answer = get(*client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
}

TEST(HttpClient, FollowsNoRedirect) {
  std::atomic<int> requests = 0;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}}, [&](HttpServerRequest, HttpReplier replier) {
        ++requests;
        replier.reply({.status = 302, .headers = {{"Location", "/login"}}});
      });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server->port())});
  const auto answer = get(*client);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(requests, 1);
}

TEST(HttpClient, NeverSendsARequestTwiceByItself) {
  std::atomic<int> requests = 0;
  RawServer server([&](tcp::socket& socket) {
    read_head(socket);
    ++requests;
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    read_head(socket);  // on the reused connection, which is then closed without an answer
    ++requests;
  });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server.port())});
  const HttpRequest request{.path = "/", .headers = {}, .body = std::string("data")};
  EXPECT_TRUE(call(*client, request));
  const auto second = call(*client, request);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(requests, 2);
}

TEST(HttpClient, LeavesAConnectionThatFailed) {
  int connections = 0;
  RawServer server([&](tcp::socket& socket) {
    ++connections;
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (connections == 1) read_head(socket);  // closed without an answer
  });
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", server.port())});
  const HttpRequest request{.path = "/", .headers = {}, .body = std::string("data")};
  EXPECT_TRUE(call(*client, request));
  EXPECT_FALSE(call(*client, request));
  EXPECT_TRUE(call(*client, request));
  EXPECT_EQ(connections, 2);
}

TEST(HttpClient, RefusesAHeaderThatWouldEndItsLine) {
  const auto client = make_http_client({.origin = url("http", "127.0.0.1", 1)});
  const auto answer = call(*client, {.headers = {{"Authorization", "Bearer a\r\nX-Other: b"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(answer.error().message.find("Bearer"), std::string::npos);
}

TEST(HttpClient, AsksItsProxyForATunnel) {
  std::string asked;
  RawServer proxy([&](tcp::socket& socket) {
    asked = read_head(socket);
    write(socket, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  });
  const auto client = make_http_client(
      {.origin = url("https", "a.example", 443), .proxy = url("http", "127.0.0.1", proxy.port())});
  const auto answer = get(*client);
  ASSERT_FALSE(answer);
  EXPECT_TRUE(asked.starts_with("CONNECT a.example:")) << asked;
  EXPECT_NE(answer.error().message.find("407"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace dualtrace
