// SPDX-License-Identifier: Apache-2.0
// The poller on a real thread, with real servers as agents.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/net/http_server.h"
#include "common/sync/mutex.h"
#include "common/time/thread_scheduler.h"
#include "operator/agents/agent_poller.h"

namespace dualtrace::ctl {
namespace {

const kube::ObjectKey kExport{"shop", "agents"};

class Told {
 public:
  void tell() {
    const Lock lock(mutex_);
    ++times_;
    changed_.notify_all();
  }
  // Returns false if that takes too long.
  bool wait_for(int times) {
    const Tick end = SystemClock().tick() + std::chrono::seconds(30);
    const Lock lock(mutex_);
    while (times_ < times) {
      if (!changed_.wait_until(mutex_, end)) return times_ >= times;
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int times_ DT_GUARDED_BY(mutex_) = 0;
};

TEST(AgentPollerHttp, ReadsAnAgentAndSeesItsEnd) {
  std::string body = R"({"lanes": [{"name": "arize", "state": "Idle"}]})";
  auto server = HttpServer::start({.listen = {"127.0.0.1", 0}},
                                  [&](const HttpServerRequest& request, HttpReplier replier) {
                                    const bool found = request.path == "/status";
                                    replier.reply({.status = found ? 200 : 404, .body = body});
                                  });
  ASSERT_TRUE(server);
  SystemClock clock;
  MetricRegistry metrics;
  Told told;
  ThreadScheduler scheduler("agents", clock);
  AgentPoller::Options options;
  options.port = (*server)->port();
  options.interval = std::chrono::milliseconds(50);
  options.timeout = std::chrono::seconds(20);
  AgentPoller poller(options, make_http_client, scheduler, 1, metrics,
                     [&](const kube::ObjectKey&) { told.tell(); });

  poller.set_pods(kExport, {{{"shop", "p"}, "u", "node-1", "127.0.0.1", true}});
  ASSERT_TRUE(told.wait_for(1));
  auto reports = poller.reports(kExport);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].unreachable, std::nullopt);
  EXPECT_EQ(reports[0].says.lanes.at(0).state, "Idle");

  server->reset();
  ASSERT_TRUE(told.wait_for(2));
  reports = poller.reports(kExport);
  EXPECT_TRUE(reports[0].unreachable);
  scheduler.stop();
}

TEST(AgentPollerHttp, ReadsNoEndlessAnswer) {
  auto server = HttpServer::start(
      {.listen = {"127.0.0.1", 0}}, [](const HttpServerRequest&, HttpReplier replier) {
        const std::string lanes = R"({"lanes": [], "filling": ")" + std::string(300'000, 'x');
        replier.reply({.body = lanes + "\"}"});
      });
  ASSERT_TRUE(server);
  SystemClock clock;
  MetricRegistry metrics;
  Told told;
  ThreadScheduler scheduler("agents", clock);
  AgentPoller::Options options;
  options.port = (*server)->port();
  options.timeout = std::chrono::seconds(20);
  AgentPoller poller(options, make_http_client, scheduler, 1, metrics,
                     [&](const kube::ObjectKey&) { told.tell(); });
  poller.set_pods(kExport, {{{"shop", "p"}, "u", "node-1", "127.0.0.1", true}});
  ASSERT_TRUE(told.wait_for(1));
  EXPECT_EQ(poller.reports(kExport).at(0).unreachable, "the answer is not an agent's status");
  scheduler.stop();
}

}  // namespace
}  // namespace dualtrace::ctl
