// SPDX-License-Identifier: Apache-2.0
#include "common/net/http_stream.h"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "common/net/http_client.h"
#include "common/sync/mutex.h"
#include "tests/fakes/raw_server.h"

namespace dualtrace {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kChunkedHead =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n";

std::unique_ptr<HttpClient> client_of(uint16_t port, Duration silence_max = seconds(60)) {
  return make_http_client(
      {.origin = {.scheme = "http", .authority = {"127.0.0.1", port}, .path = {}},
       .silence_max = silence_max});
}

// Records the events of a stream and lets the test wait for them.
class Heard {
 public:
  HttpStreamReader reader() {
    return {.head = [this](HttpResponse response) { change([&] { head_ = std::move(response); }); },
            .piece = [this](std::string_view piece) { change([&] { body_ += piece; }); },
            .ended = [this](Status status) { change([&] { end_ = std::move(status); }); }};
  }
  HttpResponse wait_for_head() {
    wait([&] { return head_.has_value(); });
    return *head_;
  }
  std::string wait_for_body(size_t bytes) {
    wait([&] { return body_.size() >= bytes; });
    return body_;
  }
  Status wait_for_end() {
    wait([&] { return end_.has_value(); });
    return *end_;
  }
  [[nodiscard]] bool ended() {
    const Lock lock(mutex_);
    return end_.has_value();
  }

 private:
  template <typename Function>
  void change(Function function) {
    const Lock lock(mutex_);
    EXPECT_FALSE(end_) << "called after the end";
    function();
    changed_.notify_all();
  }
  template <typename Condition>
  void wait(Condition condition) {
    const Lock lock(mutex_);
    while (!condition()) changed_.wait(mutex_);
  }

  Mutex mutex_;
  CondVar changed_;
  std::optional<HttpResponse> head_;
  std::string body_;
  std::optional<Status> end_;
};

std::unique_ptr<HttpStream> open(HttpClient& client, Heard& heard,
                                 Duration head_timeout = seconds(20)) {
  return client.open({.method = "GET", .path = "/watch"}, head_timeout, heard.reader());
}

// Returns once the client has closed the connection.
void wait_for_close(tcp::socket& socket) {
  boost::system::error_code error;
  std::array<char, 64> rest;
  while (!error) socket.read_some(asio::buffer(rest), error);
}

TEST(HttpStream, HandsTheAnswerOnAsItComes) {
  std::promise<void> first_seen;
  std::string request;
  RawServer server([&](tcp::socket& socket) {
    request = read_head(socket);
    write(socket, kChunkedHead);
    write(socket, "5\r\nfirst\r\n");
    first_seen.get_future().wait();
    write(socket, "6\r\nsecond\r\n0\r\n\r\n");
  });
  const auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard);
  EXPECT_EQ(heard.wait_for_head().status, 200);
  EXPECT_EQ(heard.wait_for_head().header("x-a"), "b");
  EXPECT_EQ(heard.wait_for_body(5), "first");
  first_seen.set_value();
  EXPECT_EQ(heard.wait_for_body(11), "firstsecond");
  EXPECT_TRUE(heard.wait_for_end());
  EXPECT_TRUE(request.starts_with("GET /watch HTTP/1.1\r\n")) << request;
}

TEST(HttpStream, HandsOnAnErrorsBodyToo) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone");
  });
  const auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard);
  EXPECT_TRUE(heard.wait_for_end());
  EXPECT_EQ(heard.wait_for_head().status, 410);
  EXPECT_EQ(heard.wait_for_body(4), "gone");
}

TEST(HttpStream, SaysThatItWasTorn) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    write(socket, "4\r\nhalf\r\n4\r\nha");
  });
  const auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard);
  const Status end = heard.wait_for_end();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(heard.wait_for_body(4), "half");
}

TEST(HttpStream, MayBeSilentForLongerThanItsHeadersMay) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    asio::steady_timer timer(socket.get_executor(), milliseconds(300));
    timer.wait();
    write(socket, "4\r\nlate\r\n0\r\n\r\n");
  });
  const auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard, milliseconds(150));
  EXPECT_TRUE(heard.wait_for_end());
  EXPECT_EQ(heard.wait_for_body(4), "late");
}

TEST(HttpStream, GivesUpWhenTheHeadersAreLate) {
  RawServer server([](tcp::socket& socket) { wait_for_close(socket); });
  const auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard, milliseconds(50));
  const Status end = heard.wait_for_end();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::kCancelled);
}

TEST(HttpStream, IsBrokenOffWhenNothingComesForTooLong) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    wait_for_close(socket);
  });
  const auto client = client_of(server.port(), milliseconds(50));
  Heard heard;
  const auto stream = open(*client, heard);
  const Status end = heard.wait_for_end();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::kUnavailable);
}

TEST(HttpStream, ClosesItsConnectionAndIsSilentOnceDestroyed) {
  std::promise<void> closed;
  RawServer server([&](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    wait_for_close(socket);
    closed.set_value();
  });
  const auto client = client_of(server.port());
  Heard heard;
  auto stream = open(*client, heard);
  heard.wait_for_head();
  stream.reset();
  closed.get_future().wait();
  EXPECT_FALSE(heard.ended());
}

TEST(HttpStream, MayBeDestroyedFromWithinItsOwnCallback) {
  std::promise<void> closed;
  RawServer server([&](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    write(socket, "1\r\na\r\n1\r\nb\r\n");
    wait_for_close(socket);
    closed.set_value();
  });
  const auto client = client_of(server.port());
  std::unique_ptr<HttpStream> stream;
  std::promise<void> kept;
  std::promise<void> destroyed;
  std::string pieces;
  stream = client->open({.method = "GET", .path = "/"}, seconds(20),
                        {.head = [&](HttpResponse) { kept.get_future().wait(); },
                         .piece =
                             [&](std::string_view piece) {
                               pieces += piece;
                               stream.reset();
                               destroyed.set_value();
                             },
                         .ended = [](Status) { FAIL() << "no longer wanted"; }});
  kept.set_value();
  destroyed.get_future().wait();
  closed.get_future().wait();
  EXPECT_EQ(pieces, "a");
}

TEST(HttpStream, EndsWithItsClient) {
  RawServer server([](tcp::socket& socket) {
    read_head(socket);
    write(socket, kChunkedHead);
    wait_for_close(socket);
  });
  auto client = client_of(server.port());
  Heard heard;
  const auto stream = open(*client, heard);
  heard.wait_for_head();
  client.reset();
  ASSERT_TRUE(heard.ended());
  EXPECT_EQ(heard.wait_for_end().error().kind, ErrorKind::kCancelled);
}

TEST(HttpClient, TakesANewConnectionOnceRenewed) {
  int connections = 0;
  RawServer server([&](tcp::socket& socket) {
    ++connections;
    while (true) {
      read_head(socket);
      write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
  });
  const auto client = client_of(server.port());
  const auto get = [&] {
    std::promise<Result<HttpResponse>> answer;
    client->send({.method = "GET"}, seconds(20),
                 [&](Result<HttpResponse> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
  };
  EXPECT_TRUE(get());
  EXPECT_TRUE(get());
  EXPECT_EQ(connections, 1);
  client->renew({});
  EXPECT_TRUE(get());
  EXPECT_EQ(connections, 2);
}

}  // namespace
}  // namespace dualtrace
