// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_sender.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include "common/compress/gzip.h"
#include "common/net/http_server.h"
#include "common/net/pooled_http_sender.h"
#include "common/sync/mutex.h"
#include "tests/fakes/raw_server.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/fakes/test_certificates.h"
#include "tests/unit/common/net/http_sender_calls.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Returns once the client has closed the connection.
void wait_for_close(tcp::socket& socket) {
  boost::system::error_code error;
  std::array<char, 4096> rest;
  while (!error) socket.read_some(asio::buffer(rest), error);
}

TEST(HttpSender, SendsTheRequestAsItIsAndReadsTheAnswer) {
  HttpServerRequest seen;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .body_bytes_max = 8 << 20},
            [&](HttpServerRequest request, HttpReplier replier) {
              seen = std::move(request);
              replier.reply({.status = 429, .headers = {{"Retry-After", "3"}}, .body = "slow"});
            });
  const auto sender = make_http_sender({.origin = local(server->port())});
  // Parts of every size: some are merged, some split, some sent unchanged.
  SharedByteChain body;
  for (const size_t size : {1, 0, 70'000, 3, 65'536, 30'000, 50'000, 2'000'000, 9}) {
    body.append(SharedBytes(std::string(size, static_cast<char>('a' + body.parts().size()))));
  }
  const auto answer =
      call(*sender, {.path = "/api/2.0/otel/v1/traces?a=b",
                     .headers = {{"Content-Type", "application/x-protobuf"}, {"X-Table", "c.s.t"}},
                     .body = body});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->header("retry-after"), "3");
  EXPECT_EQ(answer->body, "slow");
  EXPECT_FALSE(answer->cut);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.path, "/api/2.0/otel/v1/traces");
  EXPECT_EQ(seen.query, "a=b");
  EXPECT_EQ(seen.header("content-type"), "application/x-protobuf");
  EXPECT_EQ(seen.header("content-length"), std::to_string(body.size()));
  EXPECT_EQ(seen.header("transfer-encoding"), "");
  EXPECT_EQ(seen.header("x-table"), "c.s.t");
  EXPECT_EQ(seen.header("user-agent"), "dualtrace");
  EXPECT_EQ(seen.header("accept-encoding"), "identity");
  EXPECT_EQ(seen.header("host"), "127.0.0.1:" + std::to_string(server->port()));
  EXPECT_TRUE(seen.body == body.joined());
}

TEST(HttpSender, CallsAnIpv6AddressAndANameWithAndWithoutTls) {
  TestAuthority authority;
  std::string host;
  for (const auto& [listen, called] : {std::pair("::1", "::1"), {"127.0.0.1", "localhost"}}) {
    for (const bool secure : {false, true}) {
      HttpServer::Options options{.listen = {listen, 0}};
      if (secure) options.tls = authority.issue({called});
      const auto server = serve(options, [&](HttpServerRequest request, HttpReplier replier) {
        host = request.header("host");
        replier.reply({});
      });
      const auto sender =
          make_http_sender({.origin = url(secure ? "https" : "http", called, server->port()),
                            .tls = {.ca_file = secure ? authority.ca_file() : ""}});
      for (int i = 0; i < 2; ++i) {
        const auto answer = call(*sender);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(host, (HostPort{called, server->port()}.to_string()));
      }
    }
  }
}

TEST(HttpSender, UsesAConnectionAgainUnlessTheServerClosesIt) {
  int connections = 0;
  RawServer server([&](tcp::socket& socket) {
    ++connections;
    for (int i = 0; i < 3; ++i) {
      read_head(socket);
      write(socket, kOk);
    }
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const auto sender = make_http_sender({.origin = local(server.port())});
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(call(*sender));
  EXPECT_EQ(connections, 2);
}

TEST(HttpSender, SkipsInterimAnswersAndNeverCountsAnswersOneOff) {
  for (const std::string interim : {"100 Continue\r\n\r\n", "102 Processing\r\n\r\n",
                                    "103 Early Hints\r\nLink: </a>\r\n\r\n"}) {
    int connections = 0;
    RawServer server([&](tcp::socket& socket) {
      ++connections;
      for (int request = 0;; ++request) {
        read_head(socket);
        for (int i = 0; i < request % 4; ++i) write(socket, "HTTP/1.1 " + interim);
        write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(request));
      }
    });
    const auto sender = make_http_sender({.origin = local(server.port())});
    for (int i = 0; i < 9; ++i) {
      const auto answer = call(*sender);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, 200);
      EXPECT_EQ(answer->body, std::to_string(i)) << interim;
    }
    EXPECT_EQ(connections, 1);
  }
}

TEST(HttpSender, GivesUpOnInterimAnswersWithoutEndAndOnAnotherProtocol) {
  RawServer endless([](tcp::socket& socket) {
    read_head(socket);
    while (true) write(socket, "HTTP/1.1 100 Continue\r\n\r\n");
  });
  RawServer switches([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
    wait_for_close(socket);
  });
  for (const uint16_t port : {endless.port(), switches.port()}) {
    const auto answer = call(*make_http_sender({.origin = local(port)}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  }
}

// Bytes after an answer would be read as the next answer.
TEST(HttpSender, LeavesAConnectionOnWhichMoreCameThanTheAnswer) {
  TestAuthority authority;
  const TlsServerOptions files = authority.issue({"127.0.0.1"});
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(files.certificate_file);
  context.use_private_key_file(files.key_file, asio::ssl::context::pem);
  constexpr std::string_view kTwo =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  std::atomic<int> connections = 0;
  RawServer plain([&](tcp::socket& socket) {
    ++connections;
    read_head(socket);
    write(socket, kTwo);
    wait_for_close(socket);
  });
  RawServer secure([&](tcp::socket& socket) {
    ++connections;
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    stream.handshake(asio::ssl::stream_base::server);
    std::string head;
    asio::read_until(stream, asio::dynamic_buffer(head), "\r\n\r\n");
    // Two records that arrive in one segment.
    using Cork = asio::detail::socket_option::boolean<IPPROTO_TCP, TCP_CORK>;
    socket.set_option(Cork(true));
    asio::write(stream, asio::buffer(kOk));
    asio::write(stream, asio::buffer(kOk));
    socket.set_option(Cork(false));
    wait_for_close(socket);
  });
  const auto sender = make_http_sender({.origin = local(plain.port())});
  EXPECT_TRUE(call(*sender));
  EXPECT_TRUE(call(*sender));
  EXPECT_EQ(connections, 2);
  connections = 0;
  const auto over_tls = make_http_sender({.origin = url("https", "127.0.0.1", secure.port()),
                                          .tls = {.ca_file = authority.ca_file()}});
  EXPECT_TRUE(call(*over_tls));
  EXPECT_TRUE(call(*over_tls));
  EXPECT_EQ(connections, 2);
}

TEST(HttpSender, NeverSendsOnAConnectionThatWasClosedOrSpokeWhileIdle) {
  for (const bool speaks : {false, true}) {
    std::atomic<int> connections = 0;
    std::promise<void> done;
    RawServer server([&](tcp::socket& socket) {
      const int connection = ++connections;
      read_head(socket);
      write(socket, kOk);
      if (connection > 1) return;
      if (speaks) {
        write(socket, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
      } else {
        socket.close();
      }
      done.set_value();
      if (speaks) wait_for_close(socket);
    });
    const auto sender = make_http_sender({.origin = local(server.port())});
    EXPECT_TRUE(call(*sender));
    done.get_future().wait();
    const auto second = call(*sender);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->status, 200);
    EXPECT_EQ(connections, 2);
  }
}

TEST(HttpSender, LetsAConnectionIdleNoLongerThanItMayOrTheServerSays) {
  for (const std::string promise : {"", "Keep-Alive: timeout=1\r\n"}) {
    std::atomic<int> connections = 0;
    std::promise<void> closed;
    RawServer server([&](tcp::socket& socket) {
      const bool first = ++connections == 1;
      read_head(socket);
      write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + promise + "\r\n");
      if (!first) return;
      wait_for_close(socket);  // the client closes it; nothing else does
      closed.set_value();
    });
    const auto sender = make_http_sender(
        {.origin = local(server.port()),
         .idle_max = promise.empty() ? Duration(milliseconds(20)) : Duration(seconds(600))});
    EXPECT_TRUE(call(*sender));
    closed.get_future().wait();
    EXPECT_TRUE(call(*sender));
    EXPECT_EQ(connections, 2);
  }
}

TEST(HttpSender, NeverSendsARequestTwiceByItself) {
  std::atomic<int> requests = 0;
  RawServer server([&](tcp::socket& socket) {
    read_head(socket);
    ++requests;
    write(socket, kOk);
    read_head(socket);  // on the reused connection, which is then closed without an answer
    ++requests;
  });
  const auto sender = make_http_sender({.origin = local(server.port())});
  EXPECT_TRUE(call(*sender));
  const auto second = call(*sender);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(requests, 2);
  EXPECT_TRUE(call(*sender));
}

TEST(HttpSender, ReadsARefusalThatComesBeforeTheBodyIsSent) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge");
    wait_for_close(socket);
  });
  const auto sender = make_http_sender({.origin = local(server.port())});
  const auto answer = call(*sender, {.body = std::string(32 << 20, 'x')});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 413);
  EXPECT_EQ(answer->body, "large");
}

TEST(HttpSender, TakesNoSuccessForARequestThatIsNotThereYet) {
  std::promise<void> answered;
  RawServer server([&](tcp::socket& socket) {
    read_head(socket);
    write(socket, kOk);
    answered.get_future().wait();  // none of the body is read
  });
  const auto sender = make_http_sender({.origin = local(server.port())});
  const auto answer = call(*sender, {.body = std::string(64 << 20, 'x')});
  answered.set_value();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
}

TEST(HttpSender, MarksAnAnswerThatIsLongerThanItReads) {
  const std::string text(5'000, 'y');
  const auto server =
      serve({.listen = {"127.0.0.1", 0}},
            [&](HttpServerRequest, HttpReplier replier) { replier.reply({.body = text}); });
  RawServer endless([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (true) write(socket, "4\r\nyyyy\r\n");
  });
  for (const uint16_t port : {server->port(), endless.port()}) {
    const auto sender = make_http_sender({.origin = local(port), .response_bytes_max = 1000});
    for (int i = 0; i < 2; ++i) {
      const auto answer = call(*sender);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, 200);
      EXPECT_EQ(answer->body, text.substr(0, 1000));
      EXPECT_TRUE(answer->cut);
    }
  }
  const auto whole =
      call(*make_http_sender({.origin = local(server->port()), .response_bytes_max = text.size()}));
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->cut);
}

TEST(HttpSender, RefusesAHeadWithoutEnd) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\n");
    while (true) write(socket, "X-A: " + std::string(1000, 'x') + "\r\n");
  });
  const auto answer =
      call(*make_http_sender({.origin = local(server.port()), .head_bytes_max = 10'000}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kExhausted);
}

TEST(HttpSender, UnpacksAnAnswerThatCameAsGzip) {
  const std::string packed = gzip("two spans");
  for (const auto& [encoding, sent, body, cut] :
       {std::tuple<std::string, std::string, std::string, bool>("gzip", packed, "two spans", false),
        {"X-GZIP", packed, "two spans", false},
        {"gzip", "no gzip", "no gzip", false},
        {"br", "packed", "packed", false},
        {"gzip", gzip(std::string(3000, 'x')), "", true},
        {"gzip", "", "", false}}) {
    const auto server =
        serve({.listen = {"127.0.0.1", 0}},
              [&, encoding = encoding, sent = sent](HttpServerRequest, HttpReplier replier) {
                replier.reply({.headers = {{"Content-Encoding", encoding}}, .body = sent});
              });
    const auto answer =
        call(*make_http_sender({.origin = local(server->port()), .response_bytes_max = 2000}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, body) << encoding;
    EXPECT_EQ(answer->cut, cut) << encoding;
  }
}

TEST(HttpSender, GivesUpWhenTheWholeExchangeTakesTooLong) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    asio::steady_timer timer(socket.get_executor());
    while (true) {
      write(socket, "1\r\nx\r\n");
      timer.expires_after(milliseconds(5));
      timer.wait();
    }
  });
  const auto sender = make_http_sender({.origin = local(server.port())});
  const auto answer = call(*sender, {}, milliseconds(100));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
}

TEST(HttpSender, CallsEveryDoneBeforeItIsGone) {
  std::vector<HttpReplier> unanswered;
  std::promise<void> all_there;
  Mutex mutex;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}}, [&](HttpServerRequest, HttpReplier replier) {
        const Lock lock(mutex);
        unanswered.push_back(std::move(replier));
        if (unanswered.size() == 3) all_there.set_value();
      });
  auto sender = make_http_sender({.origin = local(server->port()), .connections_max = 3});
  std::atomic<int> cancelled = 0;
  const auto count = [&](const Result<HttpResponse>& result) {
    if (!result && result.error().kind == ErrorKind::kCancelled) ++cancelled;
  };
  for (int i = 0; i < 3; ++i) sender->send({}, seconds(60), count);
  all_there.get_future().wait();
  for (int i = 0; i < 2; ++i) sender->send({}, seconds(60), count);
  sender.reset();
  EXPECT_EQ(cancelled, 5);
}

TEST(HttpSender, MakesNoMoreConnectionsThanItMay) {
  std::atomic<int> connections = 0;
  RawServer server([&](tcp::socket& socket) {  // it serves one connection at a time
    ++connections;
    while (true) {
      read_head(socket);
      write(socket, kOk);
    }
  });
  const auto sender = make_http_sender({.origin = local(server.port()), .connections_max = 1});
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(start(*sender));
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(connections, 1);
}

TEST(HttpSender, SaysThatNobodyListens) {
  asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const uint16_t port = acceptor.local_endpoint().port();
  acceptor.close();
  const auto sender = make_http_sender({.origin = local(port)});
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(start(*sender));
  for (auto& future : answers) {
    const auto answer = future.get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(answer.error().message, "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  }
}

TEST(HttpSender, DoesNotTakeAHalfAnswerForAWholeOne) {
  for (const std::string half :
       {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nConte", "200 OK\r\n\r\n", ""}) {
    RawServer server([&](tcp::socket& socket) {
      read_head(socket);
      write(socket, half);
    });
    const auto answer = call(*make_http_sender({.origin = local(server.port())}));
    ASSERT_FALSE(answer) << half;
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  }
}

TEST(HttpSender, FollowsNoRedirect) {
  std::atomic<int> requests = 0;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}}, [&](HttpServerRequest, HttpReplier replier) {
        ++requests;
        replier.reply({.status = 302, .headers = {{"Location", "/login"}}});
      });
  const auto answer = call(*make_http_sender({.origin = local(server->port())}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(requests, 1);
}

TEST(HttpSender, RefusesAHeaderThatWouldEndItsLine) {
  const auto sender = make_http_sender({.origin = local(1)});
  const auto answer = call(*sender, {.headers = {{"Authorization", "Bearer a\r\nX-Other: b"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(answer.error().message.find("Bearer"), std::string::npos);
}

// --- Names and addresses.

TEST(HttpSender, TriesTheNextAddressWhenOneRefusesOrSwallows) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kOk);
  });
  const tcp::endpoint right(asio::ip::address_v4::loopback(), server.port());
  // A listener with a full backlog no longer answers a SYN.
  asio::io_context io;
  tcp::acceptor full(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  full.listen(0);
  tcp::socket fills(io);
  fills.connect(full.local_endpoint());
  const tcp::endpoint refuses(asio::ip::make_address("127.0.0.2"), server.port());
  const auto sender =
      make_pooled_http_sender({.origin = url("http", "a.test", 80)}, [&](const HostPort&) {
        return Addresses{refuses, full.local_endpoint(), right};
      });
  const auto answer = call(*sender);
  EXPECT_TRUE(answer) << answer.error().message;
}

TEST(HttpSender, IsNotStoppedByAnothersNameThatTakesForever) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future();
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kOk);
  });
  const tcp::endpoint address(asio::ip::address_v4::loopback(), server.port());
  auto stuck = make_pooled_http_sender({.origin = url("http", "slow.test", 80)},
                                       [released](const HostPort&) -> Result<Addresses> {
                                         released.wait();
                                         return fail(ErrorKind::kUnavailable, "late");
                                       });
  auto late = start(*stuck, {}, milliseconds(30));
  const auto other = make_pooled_http_sender({.origin = url("http", "quick.test", 80)},
                                             [&](const HostPort&) { return Addresses{address}; });
  EXPECT_TRUE(call(*other));
  const auto answer = late.get();
  ASSERT_FALSE(answer);
  // Nothing was sent, so the destination is not to blame for this timeout.
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(answer.error().message.find("looking up the name"), std::string::npos);
  stuck.reset();  // does not wait for the lookup
  release.set_value();
}

TEST(HttpSender, UsesALookupThatCameTooLateForItsRequest) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future();
  std::atomic<int> lookups = 0;
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kOk);
  });
  const tcp::endpoint address(asio::ip::address_v4::loopback(), server.port());
  const auto sender =
      make_pooled_http_sender({.origin = url("http", "slow.test", 80)}, [&](const HostPort&) {
        ++lookups;
        released.wait();
        return Addresses{address};
      });
  EXPECT_FALSE(call(*sender, {}, milliseconds(30)));
  auto second = start(*sender);
  release.set_value();
  EXPECT_TRUE(second.get());
  EXPECT_EQ(lookups, 1);
}

TEST(HttpSender, FollowsANameThatMoved) {
  const auto serve_one = [](tcp::socket& socket) {
    read_head(socket);
    write(socket, kOk);
  };
  auto before = std::make_unique<RawServer>(serve_one);
  RawServer after(serve_one);
  std::atomic<uint16_t> port = before->port();
  const auto sender =
      make_pooled_http_sender({.origin = url("http", "moves.test", 80)}, [&](const HostPort&) {
        return Addresses{tcp::endpoint(asio::ip::address_v4::loopback(), port)};
      });
  EXPECT_TRUE(call(*sender));
  before.reset();
  port = after.port();
  EXPECT_TRUE(call(*sender));
}

// --- Proxies.

TEST(HttpSender, AsksItsProxyForATunnelAndShowsItNothingElse) {
  TestAuthority authority;
  const auto server =
      serve({.listen = {"127.0.0.1", 0}, .tls = authority.issue({"a.example"})}, answer_ok);
  std::string asked;
  RawServer proxy([&](tcp::socket& socket) {
    asked = read_head(socket);
    tcp::socket target(socket.get_executor());
    target.connect({asio::ip::address_v4::loopback(), server->port()});
    write(socket, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Connection established\r\n\r\n");
    const auto pump = [](tcp::socket& from, tcp::socket& to) {
      std::array<char, 4096> bytes;
      boost::system::error_code error;
      while (true) {
        const size_t size = from.read_some(asio::buffer(bytes), error);
        if (error) break;
        asio::write(to, asio::buffer(bytes.data(), size), error);
        if (error) break;
      }
      to.shutdown(tcp::socket::shutdown_both, error);
    };
    std::thread back([&] { pump(target, socket); });
    pump(socket, target);
    back.join();
  });
  const auto sender = make_http_sender({.origin = url("https", "a.example", 443),
                                        .tls = {.ca_file = authority.ca_file()},
                                        .proxy = HttpProxy{.url = local(proxy.port())}});
  const auto answer = call(*sender, {.headers = {{"Authorization", "Bearer secret"}}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "fine");
  EXPECT_TRUE(asked.starts_with("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n"));
  EXPECT_EQ(asked.find("secret"), std::string::npos);
}

TEST(HttpSender, SaysWhatItsProxyAnswered) {
  for (const auto& [status, kind] :
       {std::pair("407 Proxy Authentication Required", ErrorKind::kDenied),
        {"401 Unauthorized", ErrorKind::kDenied},
        {"403 Forbidden", ErrorKind::kDenied},
        {"502 Bad Gateway", ErrorKind::kUnavailable}}) {
    RawServer proxy([&, status = status](tcp::socket& socket) {
      read_head(socket);
      write(socket, std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 9\r\n\r\n");
    });
    const auto answer = call(*make_http_sender({.origin = url("https", "a.example", 443),
                                                .proxy = HttpProxy{.url = local(proxy.port())}}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind);
    EXPECT_NE(answer.error().message.find(std::string(status).substr(0, 3)), std::string::npos)
        << answer.error().message;
  }
}

TEST(HttpSender, GivesItsProxyTheWholeTargetOfAPlainRequest) {
  std::string asked;
  RawServer proxy([&](tcp::socket& socket) {
    asked = read_head(socket);
    write(socket, kOk);
  });
  const auto sender = make_http_sender(
      {.origin = url("http", "a.example", 80), .proxy = HttpProxy{.url = local(proxy.port())}});
  EXPECT_TRUE(call(*sender, {.path = "/v1/traces"}));
  EXPECT_TRUE(asked.starts_with("POST http://a.example/v1/traces HTTP/1.1\r\nHost: a.example\r\n"))
      << asked;
}

// A proxy that refuses every credential.
struct HttpSenderProxyAuth : testing::Test {
  std::unique_ptr<HttpSender> sender_to(const Url& origin) const {
    HttpProxy proxy{.url = local(refusing.port())};
    proxy.username_file = folder.path() / "username";
    proxy.password_file = folder.path() / "password";
    return make_http_sender({.origin = origin, .proxy = proxy});
  }
  void write_password(std::string_view password) const {
    static_cast<void>(folder.file("username", "agents"));
    static_cast<void>(folder.file("password", password));
  }

  std::string asked;
  RawServer refusing{[this](tcp::socket& socket) {
    asked = read_head(socket);
    write(socket, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  }};
  TemporaryFolder folder;
};

TEST_F(HttpSenderProxyAuth, IsReadForEachTunnel) {
  const auto sender = sender_to(url("https", "a.example", 443));
  EXPECT_EQ(call(*sender).error().kind, ErrorKind::kInvalid);  // no such file
  for (const auto& [password, basic] :
       {std::pair("s3cret:word", "YWdlbnRzOnMzY3JldDp3b3Jk"), {"new", "YWdlbnRzOm5ldw=="}}) {
    write_password(password);
    const auto answer = call(*sender);
    EXPECT_EQ(answer.error().kind, ErrorKind::kDenied);
    EXPECT_NE(answer.error().message.find("407 to CONNECT; check proxyAuth"), std::string::npos);
    EXPECT_NE(asked.find(std::string("Proxy-Authorization: Basic ") + basic), std::string::npos);
  }
}

TEST_F(HttpSenderProxyAuth, GoesWithAPlainRequest) {
  write_password("new");
  const auto answer = call(*sender_to(url("http", "a.example", 80)));
  EXPECT_EQ(answer->status, 407);
  EXPECT_EQ(answer->secrets, std::vector<std::string>{"new"}) << "the proxy may repeat it";
  EXPECT_NE(asked.find("Proxy-Authorization: Basic YWdlbnRzOm5ldw==\r\n"), std::string::npos);
}

// --- TLS.

}  // namespace
}  // namespace dualtrace
