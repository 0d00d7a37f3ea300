// SPDX-License-Identifier: Apache-2.0
#include "common/kube/watch_stream.h"

#include <gtest/gtest.h>

#include "common/json/json.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/common/kube/fake_credential.h"

namespace dualtrace::kube {
namespace {

using std::chrono::seconds;

struct WatchStreamTest : testing::Test {
  WatchStreamTest() {
    HttpClients clients;
    for (auto* client : {&clients.calls, &clients.lists, &clients.watches}) {
      *client = std::make_unique<FakeHttpClient>(sent);
    }
    http = static_cast<FakeHttpClient*>(clients.watches.get());
    connections = std::make_unique<Connections>(
        ClientConfig{.server = *parse_url("https://h")}, "agent/1", std::move(clients),
        std::make_unique<FakeCredential>(credential), clock);
  }
  void open() {
    stream->start(*connections, seconds(30));
    ASSERT_EQ(http->opened.size(), 1U);
    reader = http->opened[0].reader;
  }
  void head(int status) { reader.head({.status = status, .headers = {}, .body = {}}); }
  Error end() {
    return ends.at(0) ? Error{ErrorKind::kInternal, "in good order"} : ends[0].error();
  }

  FakeClock clock;
  MetricRegistry metrics;
  FakeCredential::State credential{.shown = {Shown{.authorization = "Bearer one"}}};
  std::deque<FakeHttpClient::Sent> sent;
  std::unique_ptr<Connections> connections;
  FakeHttpClient* http = nullptr;
  HttpStreamReader reader;
  std::vector<std::string> lines;
  std::vector<Status> ends;
  std::vector<Shown> refused;
  std::shared_ptr<WatchStream> stream = std::make_shared<WatchStream>(
      Selection{.type = kPods, .namespace_name = "n"},
      HttpRequest{.method = "GET", .path = "/watch"}, CallMetrics(metrics, "h"),
      WatchReader{.line = [this](std::string line) { lines.push_back(std::move(line)); },
                  .ended = [this](Status status) { ends.push_back(std::move(status)); }},
      [this](const Shown& shown) { refused.push_back(shown); });
};

TEST_F(WatchStreamTest, BecomesLinesAndEndsInGoodOrder) {
  open();
  EXPECT_EQ(http->opened[0].head_timeout, seconds(30));
  head(200);
  reader.piece("{1}\n{2");
  reader.piece("}\n\n");
  EXPECT_EQ(lines, (std::vector<std::string>{"{1}", "{2}"}));
  reader.ended({});
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_TRUE(ends[0]);
  EXPECT_NE(
      metrics.text().find(R"(rest_client_requests_total{code="200",host="h",method="GET"} 1)"),
      std::string::npos);
}

TEST_F(WatchStreamTest, EndsWithTheServersRefusal) {
  open();
  head(410);
  reader.piece(to_text({{"kind", "Status"}, {"message", "too old"}}));
  reader.ended({});
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(end(), (Error{ErrorKind::kExpired, "watch pods n: too old"}));
  EXPECT_TRUE(refused.empty());
}

TEST_F(WatchStreamTest, ReportsTheCredentialThatWasRefused) {
  open();
  head(401);
  reader.ended({});
  EXPECT_EQ(end().kind, ErrorKind::kDenied);
  EXPECT_EQ(refused, std::vector{Shown{.authorization = "Bearer one"}});
}

TEST_F(WatchStreamTest, EndsWhenTheConnectionIsTorn) {
  open();
  head(200);
  reader.piece("{1}\n{2");
  reader.ended(fail(ErrorKind::kUnavailable, "reset"));
  EXPECT_EQ(lines, std::vector<std::string>{"{1}"});
  EXPECT_EQ(end(), (Error{ErrorKind::kUnavailable, "watch pods n: reset"}));
}

TEST_F(WatchStreamTest, DoesNotTakeHalfALineForAGoodEnd) {
  open();
  head(200);
  reader.piece("{1");
  reader.ended({});
  EXPECT_EQ(end().kind, ErrorKind::kUnavailable);
}

TEST_F(WatchStreamTest, TakesLateHeadersForUnavailable) {
  open();
  reader.ended(fail(ErrorKind::kCancelled, "no answer in time"));
  EXPECT_EQ(end(), (Error{ErrorKind::kUnavailable, "watch pods n: no answer in time"}));
  EXPECT_NE(metrics.text().find(R"(code="<error>")"), std::string::npos);
}

TEST_F(WatchStreamTest, BreaksOffALineWithoutEnd) {
  open();
  head(200);
  const std::string piece(size_t{1} << 20, 'x');
  for (int i = 0; i < 8; ++i) reader.piece(piece);
  EXPECT_TRUE(ends.empty());
  reader.piece("y");
  EXPECT_EQ(end().kind, ErrorKind::kExhausted);
  reader.piece("\n{1}\n");
  reader.ended({});
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(ends.size(), 1U);
}

TEST_F(WatchStreamTest, EndsWithoutACredential) {
  credential.shown = {fail(ErrorKind::kDenied, "no token")};
  stream->start(*connections, seconds(30));
  EXPECT_TRUE(http->opened.empty());
  EXPECT_EQ(end(), (Error{ErrorKind::kDenied, "no token"}));
}

TEST_F(WatchStreamTest, SaysNothingOnceItIsClosed) {
  open();
  head(200);
  stream->close();
  reader.piece("{1}\n");
  reader.ended(fail(ErrorKind::kCancelled, "not wanted any more"));
  EXPECT_TRUE(lines.empty());
  EXPECT_TRUE(ends.empty());
}

TEST_F(WatchStreamTest, IsNotOpenedWhenItWasClosedBefore) {
  stream->close();
  stream->start(*connections, seconds(30));
  EXPECT_TRUE(http->opened.empty());
}

}  // namespace
}  // namespace dualtrace::kube
