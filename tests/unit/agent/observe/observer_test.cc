// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "agent/observe/status_server.h"
#include "common/net/http_client.h"
#include "tests/fakes/fake_scheduler.h"
#include "tests/unit/agent/observe/sample_snapshot.h"

namespace dualtrace::agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class ObserverTest : public testing::Test {
 protected:
  ObserverTest() { heartbeats.watch("journal", scheduler); }

  FakeClock clock;
  std::shared_ptr<FakeScheduler> scheduler = std::make_shared<FakeScheduler>(clock);
  Heartbeats heartbeats{clock};
  MetricRegistry metrics;
  AgentSnapshot snapshot = sample_snapshot();
  Observer observer{[this] { return snapshot; }, heartbeats, metrics};
};

TEST_F(ObserverTest, AnswersGetOnKnownPathsOnly) {
  for (const char* path : {"/", "/metrics", "/livez", "/readyz", "/readyz/receiver", "/status"}) {
    EXPECT_EQ(observer.respond("GET", path).status, 200) << path;
    EXPECT_EQ(observer.respond("POST", path).status, 405) << path;
  }
  EXPECT_EQ(observer.respond("GET", "/favicon.ico").status, 404);
}

TEST_F(ObserverTest, IsAliveWhileItsSchedulersTurn) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(observer.respond("GET", "/livez").status, 200);
    scheduler->run_for(seconds(10));
  }
  EXPECT_EQ(observer.respond("GET", "/livez").status, 200);
  clock.advance(seconds(20));  // the heartbeat is not answered
  const HttpServerResponse stuck = observer.respond("GET", "/livez");
  EXPECT_EQ(stuck.status, 503);
  EXPECT_THAT(stuck.body, HasSubstr("journal"));
  scheduler->run_ready();
  EXPECT_EQ(observer.respond("GET", "/livez").status, 200);
}

TEST_F(ObserverTest, ForgetsASchedulerThatWasReplaced) {
  EXPECT_EQ(observer.respond("GET", "/livez").status, 200);
  scheduler->stop();
  clock.advance(seconds(10));
  scheduler = std::make_shared<FakeScheduler>(clock);
  heartbeats.watch("journal", scheduler);
  clock.advance(seconds(10));
  EXPECT_EQ(observer.respond("GET", "/livez").status, 200);
  clock.advance(seconds(20));
  EXPECT_EQ(observer.respond("GET", "/livez").status, 503) << "the new one is watched";
}

TEST_F(ObserverTest, IsReadyWhateverTheDestinationsDo) {
  EXPECT_EQ(observer.respond("GET", "/readyz").status, 200);
  snapshot.journals[0].health.refusing = true;
  const HttpServerResponse unready = observer.respond("GET", "/readyz");
  EXPECT_EQ(unready.status, 503);
  EXPECT_THAT(unready.body, HasSubstr("the journal is full"));
  EXPECT_EQ(observer.respond("GET", "/readyz/receiver").status, 200) << "it answers after a delay";
  snapshot.listening = false;
  EXPECT_EQ(observer.respond("GET", "/readyz/receiver").status, 503);
}

TEST_F(ObserverTest, ServesTheLedgerAsOfTheScrape) {
  const std::string text = observer.respond("GET", "/metrics").body;
  EXPECT_THAT(text, HasSubstr("dualtrace_lane_accepted_spans_total{lane=\"arize\"} 100"));
  EXPECT_THAT(text, HasSubstr("dualtrace_lane_expired_spans_total{lane=\"databricks\"} 4"));
  EXPECT_THAT(text, HasSubstr("dualtrace_lane_backlog_spans{lane=\"databricks\"} 85"));
  EXPECT_THAT(text,
              HasSubstr("dualtrace_lane_oldest_undelivered_seconds{lane=\"databricks\"} 250"));
  EXPECT_THAT(text, HasSubstr("dualtrace_lane_state{lane=\"databricks\",state=\"Paused\"} 1"));
  EXPECT_THAT(text, HasSubstr("dualtrace_lane_state{lane=\"databricks\",state=\"Idle\"} 0"));
  EXPECT_THAT(text, HasSubstr("dualtrace_ledger_balanced 1"));
  EXPECT_THAT(text, HasSubstr("dualtrace_journals 2"));
  EXPECT_THAT(text, HasSubstr("dualtrace_config_last_reload_successful 1"));

  EXPECT_THAT(text, HasSubstr("dualtrace_credentials_loaded 1"));

  snapshot.lanes[0].connection_files[0].all_expired = snapshot.now;
  snapshot.lanes[0].status.books.accepted = 101;
  snapshot.configuration.state = report::ConfigurationState::kNeedsRestart;
  const std::string later = observer.respond("GET", "/metrics").body;
  EXPECT_THAT(later, HasSubstr("dualtrace_ledger_balanced 0"));
  EXPECT_THAT(later, HasSubstr("dualtrace_credentials_loaded 0"));
  EXPECT_THAT(later, HasSubstr("dualtrace_config_last_reload_successful 0"));
}

TEST_F(ObserverTest, AnswersOverHttp) {
  auto server = StatusServer::start({"127.0.0.1", 0}, observer);
  ASSERT_TRUE(server) << server.error().message;
  auto client = make_http_client(
      {.origin = {.scheme = "http", .authority = {"127.0.0.1", (*server)->port()}, .path = ""}});
  std::promise<Result<HttpResponse>> answer;
  client->send({.method = "GET", .path = "/status?pretty"}, seconds(30),
               [&](Result<HttpResponse> response) { answer.set_value(std::move(response)); });
  const Result<HttpResponse> response = answer.get_future().get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("\"Paused\""));
}

}  // namespace
}  // namespace dualtrace::agent
