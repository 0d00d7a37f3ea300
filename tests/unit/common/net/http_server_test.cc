// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_server.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <future>
#include <thread>

namespace dualtrace {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// A blocking client on a raw socket, so that a test can send malformed requests.
class Client {
 public:
  explicit Client(const HttpServer& server, const std::string& host = "127.0.0.1") : socket_(io_) {
    socket_.connect(tcp::endpoint(asio::ip::make_address(host), server.port()));
  }

  void send(std::string_view text) { asio::write(socket_, asio::buffer(text)); }

  http::response<http::string_body> receive() {
    http::response<http::string_body> response;
    http::read(socket_, buffer_, response);
    return response;
  }

  http::response<http::string_body> ask(std::string_view text) {
    send(text);
    return receive();
  }

  // Everything that arrives until the server closes.
  std::string receive_all() {
    std::string text;
    error_code error;
    asio::read(socket_, asio::dynamic_buffer(text), error);
    return text;
  }

  [[nodiscard]] bool closed_by_server() {
    char byte = 0;
    error_code error;
    return socket_.read_some(asio::buffer(&byte, 1), error) == 0 && error;
  }

 private:
  asio::io_context io_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

const HostPort kLoopback{"127.0.0.1", 0};

std::unique_ptr<HttpServer> start(HttpServer::Options options, HttpServer::Handler handler) {
  auto server = HttpServer::start(std::move(options), std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return *std::move(server);
}

void echo(HttpServerRequest request, HttpReplier replier) {
  replier.reply({.headers = {{"x-path", request.path}, {"x-query", request.query}},
                 .body = request.method + " " + request.body});
}

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(HttpServer, GivesTheHandlerTheWholeRequest) {
  HttpServerRequest seen;
  const auto server =
      start({.listen = kLoopback}, [&](HttpServerRequest request, HttpReplier replier) {
        seen = std::move(request);
        replier.reply({.status = 202, .content_type = "application/json", .body = "{}"});
      });
  const auto response = Client(*server).ask(
      "POST /v1/traces?a=b%20c&d HTTP/1.1\r\nHost: h\r\nX-Some: Value\r\nContent-Length: "
      "4\r\n\r\nbody");
  EXPECT_EQ(response.result_int(), 202u);
  EXPECT_EQ(response[http::field::content_type], "application/json");
  EXPECT_EQ(response.body(), "{}");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/v1/traces");
  EXPECT_EQ(seen.query, "a=b%20c&d");
  EXPECT_EQ(seen.header("x-some"), "Value");
  EXPECT_EQ(seen.header("x-other"), "");
  EXPECT_EQ(seen.body, "body");
}

TEST(HttpServer, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  const auto server = start({.listen = kLoopback}, echo);
  Client client(*server);
  client.send(
      "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nxGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().body(), "PUT x");
  EXPECT_EQ(client.receive()["x-path"], "/2");
}

TEST(HttpServer, ReadsChunkedBodies) {
  const auto server = start({.listen = kLoopback}, echo);
  const auto response = Client(*server).ask(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(response.body(), "POST abcde");
}

TEST(HttpServer, ClosesWhenTheClientAsksForIt) {
  const auto server = start({.listen = kLoopback}, echo);
  Client client(*server);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string text = client.receive_all();
  EXPECT_TRUE(text.ends_with("\r\n\r\nGET ")) << text;
  EXPECT_NE(text.find("Connection: close"), std::string::npos);
}

TEST(HttpServer, InvitesTheBodyOfAClientThatExpectsIt) {
  const auto server = start({.listen = kLoopback}, echo);
  Client client(*server);
  const auto invitation =
      client.ask("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(invitation.result_int(), 100u);
  EXPECT_EQ(client.ask("hi").body(), "POST hi");
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const auto server = start({.listen = kLoopback}, echo);
  Client client(*server);
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string text = client.receive_all();
  EXPECT_NE(text.find("Content-Length: 5"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n")) << text;
}

TEST(HttpServer, RefusesABodyOverTheLimitAndTheClientSeesWhy) {
  const auto server = start({.listen = kLoopback, .body_bytes_max = 1000}, echo);
  const std::string body(3'000'000, 'x');
  Client client(*server);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + body);
  EXPECT_EQ(client.receive().result_int(), 413u);
  Client chunked(*server);
  EXPECT_EQ(chunked
                .ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                     body.substr(0, 0x3e9) + "\r\n0\r\n\r\n")
                .result_int(),
            413u);
}

TEST(HttpServer, RefusesHeadersOverTheLimit) {
  const auto server = start({.listen = kLoopback, .header_bytes_max = 1024}, echo);
  EXPECT_EQ(Client(*server)
                .ask("GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + std::string(4000, 'x') + "\r\n\r\n")
                .result_int(),
            431u);
}

TEST(HttpServer, RefusesWhatIsNotHttp) {
  const auto server = start({.listen = kLoopback}, echo);
  EXPECT_EQ(Client(*server).ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").result_int(), 400u);
  EXPECT_EQ(Client(*server).ask("what?\r\n\r\n").result_int(), 400u);
}

TEST(HttpServer, LetsTheLongestSilentConnectionGiveWayToOneTooMany) {
  const auto server = start({.listen = kLoopback, .connections_max = 2}, echo);
  Client first(*server);
  EXPECT_EQ(first.ask(kGet).result_int(), 200u);
  Client second(*server);
  EXPECT_EQ(second.ask(kGet).result_int(), 200u);
  EXPECT_EQ(first.ask(kGet).result_int(), 200u);
  Client third(*server);
  EXPECT_EQ(third.ask(kGet).result_int(), 200u);
  EXPECT_TRUE(second.closed_by_server());
  EXPECT_EQ(first.ask(kGet).result_int(), 200u);
}

TEST(HttpServer, ClosesAConnectionTooManyWhenAllWaitForTheHandler) {
  std::promise<HttpReplier> waiting;
  const auto server =
      start({.listen = kLoopback, .connections_max = 1},
            [&](HttpServerRequest, HttpReplier replier) { waiting.set_value(std::move(replier)); });
  Client first(*server);
  first.send(kGet);
  HttpReplier replier = waiting.get_future().get();
  Client second(*server);
  EXPECT_TRUE(second.closed_by_server());
  replier.reply({.body = "served"});
  EXPECT_EQ(first.receive().body(), "served");
}

TEST(HttpServer, ClosesIdleConnections) {
  const auto server =
      start({.listen = kLoopback, .idle_timeout = std::chrono::milliseconds(50)}, echo);
  Client idle(*server);
  EXPECT_TRUE(idle.closed_by_server());
}

TEST(HttpServer, LetsTheHandlerAnswerLaterFromAnotherThread) {
  std::promise<HttpReplier> waiting;
  const auto server =
      start({.listen = kLoopback, .idle_timeout = std::chrono::milliseconds(20)},
            [&](HttpServerRequest, HttpReplier replier) { waiting.set_value(std::move(replier)); });
  Client client(*server);
  client.send(kGet);
  HttpReplier replier = waiting.get_future().get();
  std::thread([&] { replier.reply({.body = "later"}); }).join();
  EXPECT_EQ(client.receive().body(), "later");
}

TEST(HttpServer, ClosesTheConnectionOfADroppedReplier) {
  const auto server = start({.listen = kLoopback}, [](HttpServerRequest, HttpReplier) {});
  Client client(*server);
  client.send(kGet);
  EXPECT_EQ(client.receive_all(), "");
}

TEST(HttpServer, StopsWithOpenConnectionsAndToleratesAReplyAfterItsEnd) {
  std::promise<HttpReplier> waiting;
  auto server = start({.listen = kLoopback}, [&](HttpServerRequest, HttpReplier replier) {
    waiting.set_value(std::move(replier));
  });
  Client idle(*server);
  Client client(*server);
  client.send(kGet);
  HttpReplier replier = waiting.get_future().get();
  server.reset();
  EXPECT_TRUE(client.closed_by_server());
  EXPECT_TRUE(idle.closed_by_server());
  replier.reply({});
}

TEST(HttpServer, TakesTheSamePortAgainAfterItsEnd) {
  auto server = start({.listen = kLoopback}, echo);
  const uint16_t port = server->port();
  Client client(*server);
  EXPECT_EQ(client.ask(kGet).result_int(), 200u);
  server.reset();
  server = start({.listen = {"127.0.0.1", port}}, echo);
  EXPECT_EQ(Client(*server).ask(kGet).result_int(), 200u);
}

TEST(HttpServer, ListensOnBothFamiliesAtOnce) {
  const auto server = start({.listen = {"::", 0}}, echo);
  EXPECT_EQ(Client(*server, "127.0.0.1").ask(kGet).result_int(), 200u);
  error_code error;
  asio::io_context io;
  tcp::socket probe(io);
  probe.connect({asio::ip::address_v6::loopback(), server->port()}, error);
  if (error) GTEST_SKIP() << "no IPv6 here: " << error.message();
  EXPECT_EQ(Client(*server, "::1").ask(kGet).result_int(), 200u);
}

TEST(HttpServer, SaysWhyItCannotListen) {
  const auto taken = start({.listen = kLoopback}, echo);
  const auto second =
      HttpServer::start({.listen = {"127.0.0.1", taken->port()}}, HttpServer::Handler(echo));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(second.error().message.find("in use"), std::string::npos) << second.error().message;
  EXPECT_FALSE(HttpServer::start({.listen = {"no address", 0}}, HttpServer::Handler(echo)));
}

TEST(HttpServer, ReadsOnlyAsManyBodiesAsThereIsRoomFor) {
  std::vector<HttpReplier> waiting;
  std::promise<void> both;
  const auto server = start({.listen = kLoopback, .body_bytes_max = 10, .bodies_bytes_max = 16},
                            [&](HttpServerRequest request, HttpReplier replier) {
                              if (request.body != "held") return echo(request, std::move(replier));
                              waiting.push_back(std::move(replier));
                              if (waiting.size() == 2) both.set_value();
                            });
  const auto post = [](const std::string& body) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  Client first(*server);
  Client second(*server);
  first.send(post("held"));
  second.send(post("held"));
  both.get_future().wait();
  EXPECT_EQ(Client(*server).ask(post("12345678")).body(), "POST 12345678");
  const auto refused = Client(*server).ask(post("123456789"));
  EXPECT_EQ(refused.result_int(), 503U);
  EXPECT_EQ(refused["Retry-After"], "1");
  // The length of a chunked body is not known in advance.
  EXPECT_EQ(Client(*server)
                .ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
                .result_int(),
            503U);
  EXPECT_EQ(Client(*server).ask(kGet).result_int(), 200U);
  waiting.front().reply({.body = "done"});
  EXPECT_EQ(first.receive().body(), "done");
  EXPECT_EQ(Client(*server).ask(post("123456789")).body(), "POST 123456789");
}

TEST(HttpServer, WaitsForABodyOnlyItsOwnTime) {
  const auto server =
      start({.listen = kLoopback, .progress_timeout = std::chrono::milliseconds(50)}, echo);
  Client slow(*server);
  slow.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx");
  EXPECT_TRUE(slow.closed_by_server());
  Client kept(*server);
  EXPECT_EQ(kept.ask(kGet).result_int(), 200U);
  EXPECT_EQ(kept.ask(kGet).result_int(), 200U);
}

}  // namespace
}  // namespace dualtrace
