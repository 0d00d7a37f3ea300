// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "common/io/posix_file_system.h"
#include "common/net/http_server.h"
#include "common/sync/mutex.h"
#include "tests/fakes/raw_server.h"
#include "tests/fakes/test_certificates.h"

namespace dualtrace::kube {
namespace {

using std::chrono::seconds;
using tcp = boost::asio::ip::tcp;

const ObjectKey kKey{"n", "a"};

Json object() { return {{"metadata", {{"namespace", "n"}, {"name", "a"}}}}; }

struct ApiClientTest : testing::Test {
  void serve(HttpServer::Handler handler, std::optional<TlsServerOptions> tls = {}) {
    auto started =
        HttpServer::start({.listen = {"127.0.0.1", 0}, .tls = std::move(tls)}, std::move(handler));
    ASSERT_TRUE(started) << started.error().message;
    server = *std::move(started);
  }
  ApiClient& api(uint16_t port, ClientConfig config = {}) {
    config.server = {.scheme = config.tls.ca_file.empty() ? "http" : "https",
                     .authority = {"127.0.0.1", port},
                     .path = {}};
    client = std::make_unique<ApiClient>(config, ApiClient::Options{.user_agent = "agent/1"}, files,
                                         clock, metrics);
    return *client;
  }

  PosixFileSystem files;
  SystemClock clock;
  MetricRegistry metrics;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<ApiClient> client;
};

void answer(HttpReplier& replier, int status, const Json& body) {
  replier.reply({.status = status, .content_type = "application/json", .body = to_text(body)});
}

TEST_F(ApiClientTest, MakesEveryCallOverTlsWithItsToken) {
  TestAuthority authority;
  std::vector<std::string> asked;
  serve(
      [&](HttpServerRequest request, HttpReplier replier) {
        asked.push_back(request.method + " " + request.path);
        EXPECT_EQ(request.header("authorization"), "Bearer abc");
        answer(replier, request.method == "POST" ? 201 : 200, {{"a", 1}});
      },
      authority.issue({"127.0.0.1"}));
  ApiClient& kube =
      api(server->port(), {.server = {}, .tls = {.ca_file = authority.ca_file()}, .token = "abc"});
  EXPECT_EQ(*kube.get(kSecrets, kKey), Json({{"a", 1}}));
  EXPECT_TRUE(kube.create(kLeases, object()));
  EXPECT_TRUE(kube.update(kLeases, object()));
  EXPECT_TRUE(kube.apply(kDaemonSets, object(), {"m"}));
  EXPECT_TRUE(kube.merge_patch(kPods, kKey, {{"x", 1}}));
  const auto removed = kube.remove(kPods, kKey, {});
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(asked, (std::vector<std::string>{
                       "GET /api/v1/namespaces/n/secrets/a",
                       "POST /apis/coordination.k8s.io/v1/namespaces/n/leases",
                       "PUT /apis/coordination.k8s.io/v1/namespaces/n/leases/a",
                       "PATCH /apis/apps/v1/namespaces/n/daemonsets/a",
                       "PATCH /api/v1/namespaces/n/pods/a", "DELETE /api/v1/namespaces/n/pods/a"}));
}

TEST_F(ApiClientTest, NeverAsksForANamelessObject) {
  serve([](HttpServerRequest request, HttpReplier) { ADD_FAILURE() << request.path; });
  ApiClient& kube = api(server->port());
  for (const ObjectKey& key : {ObjectKey{"n", ""}, ObjectKey{"n", "a/b"}, ObjectKey{"..", "a"}}) {
    const Json nameless = {{"metadata", {{"namespace", key.namespace_name}, {"name", key.name}}}};
    EXPECT_EQ(kube.get(kPods, key).error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(kube.remove(kPods, key, {}).error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(kube.merge_patch(kPods, key, {}).error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(kube.update(kPods, nameless).error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(kube.apply(kPods, nameless, {"m"}).error().kind, ErrorKind::kInvalid);
  }
}

TEST_F(ApiClientTest, SaysWhatWasRefused) {
  serve([](HttpServerRequest, HttpReplier replier) {
    answer(replier, 404, {{"kind", "Status"}, {"message", "pods \"a\" not found"}});
  });
  EXPECT_EQ(api(server->port()).get(kPods, kKey).error(),
            (Error{ErrorKind::kNotFound, "get pods n/a: pods \"a\" not found"}));
}

TEST_F(ApiClientTest, TakesAnAnswerThatIsNoObjectForNoAnswer) {
  for (const char* body : {"<html>", "[]", ""}) {
    serve([&](HttpServerRequest, HttpReplier replier) { replier.reply({.body = body}); });
    EXPECT_EQ(api(server->port()).get(kPods, kKey).error().kind, ErrorKind::kUnavailable) << body;
  }
}

TEST_F(ApiClientTest, RefusesAnObjectAboveItsLimit) {
  const std::string open = "{\"a\":\"";
  for (const size_t over : {0, 1}) {
    const std::string body =
        open + std::string((size_t{8} << 20) + over - open.size() - 2, 'x') + "\"}";
    serve([&](HttpServerRequest, HttpReplier replier) { replier.reply({.body = body}); });
    const auto got = api(server->port()).get(kPods, kKey);
    EXPECT_EQ(got ? ErrorKind::kInternal : got.error().kind,
              over == 0 ? ErrorKind::kInternal : ErrorKind::kExhausted);
    client.reset();
  }
}

TEST_F(ApiClientTest, AnswersManyThreadsAtOnce) {
  Mutex mutex;
  std::vector<HttpReplier> waiting;  // answered once all have arrived
  serve([&](HttpServerRequest, HttpReplier replier) {
    const Lock lock(mutex);
    waiting.push_back(std::move(replier));
    if (waiting.size() < 8) return;
    for (HttpReplier& one : waiting) answer(one, 200, {});
  });
  ApiClient& kube = api(server->port());
  std::atomic<int> answers = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto got = kube.merge_patch(kPods, kKey, {{"x", 1}});
      if (got || got.error().kind == ErrorKind::kUnavailable) ++answers;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answers, 8);
}

TEST_F(ApiClientTest, GetsOverAConnectionThatTheServerHasClosed) {
  std::atomic<int> requests = 0;
  RawServer raw([&](tcp::socket& socket) {
    const std::string head = read_head(socket);
    ++requests;
    write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    if (requests == 1) read_head(socket);  // and closes without an answer
  });
  ApiClient& kube = api(raw.port());
  EXPECT_TRUE(kube.get(kPods, kKey));
  const auto removed = kube.remove(kPods, kKey, {});
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(requests, 2);
}

TEST_F(ApiClientTest, ListsAPage) {
  std::string query;
  serve([&](HttpServerRequest request, HttpReplier replier) {
    query = request.query;
    answer(replier, 200,
           {{"metadata", {{"resourceVersion", "7"}, {"continue", "next"}}},
            {"items", {{{"metadata", {{"name", "a"}}}}}}});
  });
  std::promise<Result<ListPage>> done;
  api(server->port()).list({.type = kPods}, {.limit = 1}, [&](Result<ListPage> page) {
    done.set_value(std::move(page));
  });
  const auto page = done.get_future().get();
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(query, "limit=1");
  EXPECT_EQ(page->continue_token, "next");
  EXPECT_EQ(text_at(page->items.at(0), {"kind"}), "Pod");
}

TEST_F(ApiClientTest, SaysThatAListHasExpired) {
  serve([](HttpServerRequest, HttpReplier replier) {
    answer(replier, 410, {{"kind", "Status"}, {"message", "the token is too old"}});
  });
  std::promise<Result<ListPage>> done;
  api(server->port())
      .list({.type = kPods, .namespace_name = "n"}, {.continue_token = "old"},
            [&](Result<ListPage> page) { done.set_value(std::move(page)); });
  EXPECT_EQ(done.get_future().get().error(),
            (Error{ErrorKind::kExpired, "list pods n: the token is too old"}));
}

// Records the lines and the end of a watch.
struct Watched {
  WatchReader reader() {
    return {.line = [this](std::string line) { push(std::move(line)); },
            .ended =
                [this](Status status) {
                  push(status ? "ended" : "ended: " + std::string(to_string(status.error().kind)));
                }};
  }
  void push(std::string text) {
    const Lock lock(mutex);
    heard.push_back(std::move(text));
    changed.notify_all();
  }
  std::vector<std::string> wait_for(size_t count) {
    const Lock lock(mutex);
    while (heard.size() < count) changed.wait(mutex);
    return heard;
  }
  Mutex mutex;
  CondVar changed;
  std::vector<std::string> heard DT_GUARDED_BY(mutex);
};

TEST_F(ApiClientTest, WatchesUntilTheServerEndsIt) {
  std::string head;
  RawServer raw([&](tcp::socket& socket) {
    head = read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    write(socket, "6\r\n{1}\n{2\r\n2\r\n}\n\r\n0\r\n\r\n");
  });
  Watched watched;
  const auto watch = api(raw.port(), {.server = {}, .token = "abc"})
                         .watch({.type = kPods}, {"7", seconds(300)}, watched.reader());
  EXPECT_EQ(watched.wait_for(3), (std::vector<std::string>{"{1}", "{2}", "ended"}));
  EXPECT_TRUE(
      head.starts_with("GET /api/v1/pods?watch=1&allowWatchBookmarks=true&"
                       "resourceVersion=7&timeoutSeconds=300 HTTP/1.1\r\n"))
      << head;
  EXPECT_NE(head.find("Authorization:Bearer abc\r\n"), std::string::npos);
  EXPECT_NE(head.find("User-Agent:agent/1\r\n"), std::string::npos) << head;
}

TEST_F(ApiClientTest, EndsAWatchThatNobodyHolds) {
  std::promise<void> opened;
  std::promise<void> closed;
  RawServer raw([&](tcp::socket& socket) {
    read_head(socket);
    write(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{1}\n\r\n");
    opened.set_value();
    boost::system::error_code error;
    std::array<char, 1> byte{};
    socket.read_some(boost::asio::buffer(byte), error);
    if (error) closed.set_value();
  });
  Watched watched;
  auto watch = api(raw.port()).watch({.type = kPods}, {"7", seconds(300)}, watched.reader());
  opened.get_future().wait();
  watched.wait_for(1);
  watch.reset();
  closed.get_future().wait();
  EXPECT_EQ(watched.wait_for(1).size(), 1U);
}

TEST_F(ApiClientTest, EndsEverythingWhenCancelled) {
  Mutex mutex;
  std::vector<HttpReplier> waiting;
  std::promise<void> all_here;
  serve([&](HttpServerRequest, HttpReplier replier) {
    const Lock lock(mutex);
    waiting.push_back(std::move(replier));
    if (waiting.size() == 3) all_here.set_value();
  });
  ApiClient& kube = api(server->port());
  auto call = std::async(std::launch::async, [&] { return kube.get(kPods, kKey); });
  std::promise<Result<ListPage>> listed;
  kube.list({.type = kPods}, {}, [&](Result<ListPage> page) { listed.set_value(std::move(page)); });
  Watched watched;
  const auto watch = kube.watch({.type = kPods}, {"7", seconds(300)}, watched.reader());
  all_here.get_future().wait();
  kube.cancel();
  EXPECT_EQ(call.get().error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(listed.get_future().get().error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(watched.wait_for(1), std::vector<std::string>{"ended: cancelled"});
  // Later calls are cancelled, too.
  EXPECT_EQ(kube.get(kPods, kKey).error().kind, ErrorKind::kCancelled);
  Watched late;
  const auto late_watch = kube.watch({.type = kPods}, {"7", seconds(300)}, late.reader());
  EXPECT_EQ(late.wait_for(1), std::vector<std::string>{"ended: cancelled"});
}

TEST(UserAgent, NamesProgramVersionAndPlatform) {
  EXPECT_TRUE(
      user_agent("dualtrace-operator", "1.2.3").starts_with("dualtrace-operator/1.2.3 (linux"));
}

}  // namespace
}  // namespace dualtrace::kube
