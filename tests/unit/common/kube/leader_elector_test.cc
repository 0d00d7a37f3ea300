// SPDX-License-Identifier: Apache-2.0
#include "common/kube/leader_elector.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/fakes/fake_kube_api.h"

namespace dualtrace::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class LeaderElectorTest : public testing::Test {
 protected:
  static LeaderElector::Options options(const std::string& identity) {
    return {.lease = {"system", "operator"},
            .identity = identity,
            .lease_duration = seconds(60),
            .renew_deadline = seconds(30),
            .retry_period = milliseconds(20)};
  }
  std::unique_ptr<LeaderElector> start(const std::string& identity,
                                       LeaderElector::Callbacks callbacks,
                                       Duration renew_deadline = seconds(30)) {
    LeaderElector::Options chosen = options(identity);
    chosen.renew_deadline = renew_deadline;
    auto elector = LeaderElector::start(chosen, api, clock, 1, metrics, std::move(callbacks));
    EXPECT_TRUE(elector);
    return *std::move(elector);
  }
  std::string holder() const {
    const auto lease = api.find(kLeases, {"system", "operator"});
    return lease ? std::string(text_at(*lease, {"spec", "holderIdentity"})) : "nobody yet";
  }
  bool shows(const std::string& status) const {
    return metrics.text().find(R"(leader_election_master_status{name="operator"} )" + status +
                               "\n") != std::string::npos;
  }

  FakeApi api;
  SystemClock clock;
  MetricRegistry metrics;
};

TEST_F(LeaderElectorTest, RefusesPeriodsThatCannotWork) {
  const auto refuses = [&](auto&& change) {
    LeaderElector::Options wrong = options("a");
    change(wrong);
    const auto elector = LeaderElector::start(wrong, api, clock, 1, metrics, {});
    return !elector && elector.error().kind == ErrorKind::kInvalid;
  };
  EXPECT_TRUE(refuses([](auto& o) { o.lease_duration = o.renew_deadline; }));
  EXPECT_TRUE(refuses([](auto& o) { o.retry_period = o.renew_deadline * 5 / 6; }));
  EXPECT_TRUE(refuses([](auto& o) { o.retry_period = {}; }));
  EXPECT_TRUE(refuses([](auto& o) { o.identity.clear(); }));
  EXPECT_TRUE(refuses([](auto& o) { o.lease.name.clear(); }));
}

TEST_F(LeaderElectorTest, LeadsUntilItIsReleasedAndTheNextOneFollowsAtOnce) {
  std::promise<void> first_leads;
  std::promise<void> second_leads;
  const auto first = start("first", {[&] { first_leads.set_value(); }, {}});
  first_leads.get_future().wait();
  EXPECT_TRUE(first->leading());
  EXPECT_TRUE(first->healthy());
  EXPECT_TRUE(shows("1"));
  const auto second = start("second", {[&] { second_leads.set_value(); }, {}});
  EXPECT_FALSE(second->leading());
  first->release();
  EXPECT_FALSE(first->leading());
  second_leads.get_future().wait();
  EXPECT_EQ(holder(), "second");
  EXPECT_TRUE(second->leading());
  first->release();
  EXPECT_EQ(holder(), "second");
}

TEST_F(LeaderElectorTest, EndsWithoutReleasing) {
  std::promise<void> leads;
  auto elector = start("a", {[&] { leads.set_value(); }, {}});
  leads.get_future().wait();
  elector.reset();
  EXPECT_EQ(holder(), "a");
}

TEST_F(LeaderElectorTest, TellsOnceThatLeadershipIsLostAndDoesNotSeekItAgain) {
  std::promise<void> leads;
  std::promise<Error> lost;
  const auto elector =
      start("a", {[&] { leads.set_value(); }, [&](const Error& error) { lost.set_value(error); }},
            milliseconds(200));
  leads.get_future().wait();
  api.fault([](const FakeApi::Call&) { return Error{ErrorKind::kUnavailable, "no connection"}; });
  lost.get_future().wait();
  EXPECT_FALSE(elector->leading());
  EXPECT_TRUE(shows("0"));
  api.fault({});
  const size_t calls = api.calls().size();
  elector->release();  // joins its thread
  EXPECT_EQ(holder(), "");
  EXPECT_EQ(api.calls().size(), calls + 1) << "only the release";
}

}  // namespace
}  // namespace dualtrace::kube
