// SPDX-License-Identifier: Apache-2.0
#include "operator/agents/agent_poller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "common/json/json.h"
#include "tests/fakes/fake_scheduler.h"

namespace dualtrace::ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const kube::ObjectKey kExport{"shop", "agents"};
const kube::ObjectKey kOther{"shop", "others"};

std::string status_json(const std::string& state, int backlog_bytes) {
  const Json lane = {{"name", "arize"}, {"state", state}, {"backlogBytes", backlog_bytes}};
  return Json{{"lanes", Json::array({lane})}}.dump();
}

AgentPod pod(int number, bool ready = true) {
  const std::string text = std::to_string(number);
  return {{"shop", "pod-" + text}, "uid-" + text, "node-" + text, "10.0.0." + text, ready};
}

std::vector<AgentPod> pods(int count) {
  std::vector<AgentPod> made;
  for (int i = 1; i <= count; ++i) made.push_back(pod(i));
  return made;
}

// The requests in flight, by address.
struct Wire {
  struct Asked {
    std::string address;
    HttpRequest request;
    HttpClient::Done done;
  };
  std::vector<Asked> asked;
};

class WireClient final : public HttpClient {
 public:
  WireClient(Wire& wire, Options options) : wire_(wire), options_(std::move(options)) {}
  void send(HttpRequest request, Duration /*timeout*/, Done done) override {
    wire_.asked.push_back(
        {options_.origin.authority.to_string(), std::move(request), std::move(done)});
  }
  std::unique_ptr<HttpStream> open(HttpRequest, Duration, HttpStreamReader) override {
    return nullptr;
  }
  void renew(TlsClientOptions) override {}

 private:
  Wire& wire_;
  const Options options_;
};

class AgentPollerTest : public testing::Test {
 protected:
  AgentPollerTest() { make({}); }

  void make(AgentPoller::Options options) {
    poller_ = std::make_unique<AgentPoller>(
        options,
        [this](HttpClient::Options client) {
          return std::make_unique<WireClient>(wire_, std::move(client));
        },
        scheduler_, 1, metrics_, [this](const kube::ObjectKey& key) { told_.push_back(key); });
  }
  void set_pods(const std::vector<AgentPod>& pods) {
    poller_->set_pods(kExport, pods);
    scheduler_.run_ready();
  }
  std::vector<std::string> addresses() const {
    std::vector<std::string> found;
    for (const Wire::Asked& asked : wire_.asked) found.push_back(asked.address);
    return found;
  }
  // The oldest pending request gets this answer.
  void answer(Result<HttpResponse> response) {
    ASSERT_FALSE(wire_.asked.empty());
    const HttpClient::Done done = std::move(wire_.asked.front().done);
    wire_.asked.erase(wire_.asked.begin());
    done(std::move(response));
    scheduler_.run_ready();
  }
  void answer(const std::string& state, int backlog_bytes) {
    answer(HttpResponse{.status = 200, .headers = {}, .body = status_json(state, backlog_bytes)});
  }
  void refuse() { answer(fail(ErrorKind::kUnavailable, "connection refused")); }
  // Returns the time until the next request is sent.
  Duration wait_for_request() {
    const Tick start = clock_.tick();
    while (wire_.asked.empty()) scheduler_.run_for(milliseconds(100));
    return clock_.tick() - start;
  }

  FakeClock clock_;
  FakeScheduler scheduler_{clock_};
  MetricRegistry metrics_;
  Wire wire_;
  std::vector<kube::ObjectKey> told_;
  std::unique_ptr<AgentPoller> poller_;
};

TEST_F(AgentPollerTest, AsksEachPodAtOnceAndThenNowAndThen) {
  set_pods(pods(2));
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.1:8888", "10.0.0.2:8888"));
  EXPECT_EQ(wire_.asked[0].request.path, "/status");
  EXPECT_EQ(wire_.asked[0].request.method, "GET");
  answer("Idle", 0);
  answer("Idle", 0);
  const auto reports = poller_->reports(kExport);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].node, "node-1");
  EXPECT_EQ(reports[0].pod, "pod-1");
  EXPECT_EQ(reports[0].says.lanes[0].state, "Idle");
  std::set<int64_t> waits;
  for (int i = 0; i < 20; ++i) {
    const Duration waited = wait_for_request();
    waits.insert(waited.count());
    EXPECT_LE(waited, seconds(19));
    answer("Idle", 0);
  }
  EXPECT_GT(waits.size(), 5U) << "each on its own schedule";
}

TEST_F(AgentPollerTest, TellsOnceWhenAllFirstPodsHaveBeenAsked) {
  EXPECT_FALSE(poller_->asked(kExport));
  set_pods(pods(2));
  answer("Idle", 0);
  EXPECT_FALSE(poller_->asked(kExport));
  EXPECT_THAT(told_, IsEmpty());
  refuse();
  EXPECT_TRUE(poller_->asked(kExport));
  EXPECT_THAT(told_, ElementsAre(kExport));
  set_pods({pod(1), pod(2), pod(3)});
  EXPECT_TRUE(poller_->asked(kExport)) << "a later pod does not hold up the status again";
}

TEST_F(AgentPollerTest, DoesNotWaitForAFirstPodThatIsGone) {
  set_pods(pods(2));
  answer("Idle", 0);
  set_pods({pod(1)});
  EXPECT_TRUE(poller_->asked(kExport));
  set_pods({});
  EXPECT_THAT(poller_->reports(kExport), IsEmpty());
}

TEST_F(AgentPollerTest, NoPodsHaveAllBeenAsked) {
  set_pods({});
  EXPECT_TRUE(poller_->asked(kExport));
}

TEST_F(AgentPollerTest, TellsAChangedStateAtOnceAndNumbersNowAndThen) {
  set_pods({pod(1)});
  answer("Idle", 0);
  ASSERT_EQ(told_.size(), 1U);
  const Tick first = clock_.tick();
  wait_for_request();
  answer("Paused", 0);
  EXPECT_EQ(told_.size(), 2U);
  wait_for_request();
  answer("Paused", 10);
  EXPECT_EQ(told_.size(), 2U) << "only a number changed";
  wait_for_request();
  answer("Paused", 10);  // reported although nothing moves
  wait_for_request();
  answer("Paused", 10);
  EXPECT_EQ(told_.size(), 3U);
  EXPECT_GE(clock_.tick() - first, seconds(30));
  for (int i = 0; i < 5; ++i) {
    wait_for_request();
    answer("Paused", 10);
  }
  EXPECT_EQ(told_.size(), 3U) << "nothing changes";
}

TEST_F(AgentPollerTest, OneFailureIsNoNewsAndTwoAre) {
  set_pods({pod(1)});
  answer("Idle", 0);
  wait_for_request();
  refuse();
  EXPECT_FALSE(poller_->reports(kExport)[0].unreachable);
  EXPECT_LT(wait_for_request(), seconds(7)) << "it is polled again soon";
  refuse();
  EXPECT_EQ(poller_->reports(kExport)[0].unreachable, "connection refused");
  EXPECT_THAT(poller_->reports(kExport)[0].says.lanes, SizeIs(1)) << "as it was before";
  EXPECT_EQ(told_.size(), 2U);
  wait_for_request();
  answer("Idle", 0);
  EXPECT_FALSE(poller_->reports(kExport)[0].unreachable);
  EXPECT_EQ(told_.size(), 3U);
}

TEST_F(AgentPollerTest, AnAnswerThatIsNoAgentsIsAFailure) {
  set_pods({pod(1)});
  answer(HttpResponse{.status = 404, .headers = {}, .body = status_json("Idle", 0)});
  EXPECT_EQ(poller_->reports(kExport)[0].unreachable, "answered HTTP 404");
  wait_for_request();
  answer(HttpResponse{.status = 200, .headers = {}, .body = "<html>"});
  EXPECT_TRUE(poller_->reports(kExport)[0].unreachable);
  EXPECT_THAT(metrics_.text(),
              testing::HasSubstr("dualtrace_operator_agent_polls_total{result=\"invalid\"} 2"));
}

TEST_F(AgentPollerTest, AsksAPodThatHasBecomeReadyAtOnce) {
  set_pods({pod(1, false)});
  refuse();
  set_pods({pod(1, true)});
  EXPECT_EQ(addresses().size(), 1U);
  answer("Idle", 0);
  EXPECT_FALSE(poller_->reports(kExport)[0].unreachable);
  set_pods({pod(1, true)});
  EXPECT_THAT(addresses(), IsEmpty()) << "nothing has changed";
  wait_for_request();
  EXPECT_EQ(addresses().size(), 1U) << "the earlier timer is void";
}

TEST_F(AgentPollerTest, AnAnswerOfAPodThatIsGoneIsDropped) {
  set_pods({pod(1)});
  AgentPod next = pod(1);
  next.uid = "another";
  set_pods({next});
  answer("Paused", 0);
  EXPECT_THAT(poller_->reports(kExport), IsEmpty());
  answer("Idle", 0);
  EXPECT_EQ(poller_->reports(kExport)[0].says.lanes[0].state, "Idle");
}

TEST_F(AgentPollerTest, AsksNobodyOfAForgottenExport) {
  set_pods(pods(2));
  answer("Idle", 0);
  poller_->forget(kExport);
  answer("Idle", 0);
  scheduler_.run_for(minutes(1));
  EXPECT_THAT(addresses(), IsEmpty());
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_FALSE(poller_->asked(kExport));
}

TEST_F(AgentPollerTest, KeepsExportsApart) {
  poller_->set_pods(kOther, {pod(7)});
  set_pods({pod(1)});
  answer("Paused", 0);
  answer("Idle", 0);
  EXPECT_EQ(poller_->reports(kOther)[0].says.lanes[0].state, "Paused");
  EXPECT_EQ(poller_->reports(kExport)[0].says.lanes[0].state, "Idle");
  EXPECT_THAT(told_, ElementsAre(kOther, kExport));
}

TEST_F(AgentPollerTest, AsksNoMoreAtOnceThanAllowed) {
  AgentPoller::Options options;
  options.requests_max = 3;
  make(options);
  set_pods(pods(9));
  std::set<std::string> all;
  for (int i = 0; i < 9; ++i) {
    EXPECT_LE(wire_.asked.size(), 3U);
    all.insert(wire_.asked.front().address);
    answer("Idle", 0);
  }
  EXPECT_EQ(all.size(), 9U);
}

// A fleet that is discovered all at the same time is polled gradually, then over the interval.
TEST_F(AgentPollerTest, AsksThousandsWithoutAHerd) {
  constexpr int kAgents = 5000;
  set_pods(pods(kAgents));
  int asked = 0;
  const auto answer_all = [&] {
    int now = 0;
    for (; !wire_.asked.empty(); ++now) {
      EXPECT_LE(wire_.asked.size(), AgentPoller::Options{}.requests_max);
      answer("Idle", 0);
    }
    asked += now;
    return now;
  };
  answer_all();
  EXPECT_EQ(asked, kAgents);
  EXPECT_THAT(told_, ElementsAre(kExport)) << "once for all of them";
  int most = 0;
  for (int second = 0; second < 60; ++second) {
    scheduler_.run_for(seconds(1));
    most = std::max(most, answer_all());
  }
  EXPECT_GT(asked, 4 * kAgents);
  EXPECT_LT(most, kAgents / 6) << "in one second; evenly spread, it would be a fifteenth";
  EXPECT_THAT(told_, SizeIs(1)) << "nothing has changed";
}

TEST_F(AgentPollerTest, AgentsThatDoNotAnswerHoldUpNobody) {
  AgentPoller::Options options;
  options.requests_max = 4;
  make(options);
  set_pods(pods(11));
  for (int i = 1; i <= 11; ++i) {
    if (wire_.asked.front().address == "10.0.0.11:8888") {
      answer("Idle", 0);
    } else {
      refuse();
    }
  }
  scheduler_.run_for(seconds(20));  // all are due again, and none answers
  EXPECT_THAT(wire_.asked, SizeIs(3));
  EXPECT_THAT(addresses(), Contains("10.0.0.11:8888"));
}

}  // namespace
}  // namespace dualtrace::ctl
