// SPDX-License-Identifier: Apache-2.0
#include "operator/app/probes.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

struct ProbesTest : ::testing::Test {
  MetricRegistry metrics;
  std::vector<std::string> unsynced;
  bool alive = true;
  const Health health{.unsynced = [this] { return unsynced; }, .alive = [this] { return alive; }};

  HttpServerResponse get(const std::string& path) {
    return answer_probe("GET", path, health, metrics);
  }
};

TEST_F(ProbesTest, IsReadyWhenEverythingIsSyncedAndElseNamesWhatIsNot) {
  unsynced = {"pods in shop", "services"};
  EXPECT_EQ(get("/readyz").status, 503);
  EXPECT_EQ(get("/readyz").body, "not synced: pods in shop, services\n");
  unsynced.clear();
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(ProbesTest, IsAliveWhileItIsNotStuck) {
  unsynced = {"services"};
  EXPECT_EQ(get("/livez").status, 200);
  alive = false;
  EXPECT_EQ(get("/livez").status, 503);
}

TEST_F(ProbesTest, ShowsTheMetricsAsPrometheusReadsThem) {
  metrics.counter("some_total", "Some.").increment();
  const HttpServerResponse answer = get("/metrics");
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(answer.body.find("some_total 1"), std::string::npos);
}

TEST_F(ProbesTest, KnowsNothingElse) {
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(answer_probe("POST", "/livez", health, metrics).status, 405);
}

TEST_F(ProbesTest, ListensWhereItIsTold) {
  auto probes = Probes::start({"127.0.0.1", 0}, health, metrics);
  ASSERT_TRUE(probes);
  EXPECT_NE((*probes)->port(), 0);
  const auto taken = Probes::start({"127.0.0.1", (*probes)->port()}, health, metrics);
  ASSERT_FALSE(taken);
  EXPECT_TRUE(taken.error().message.starts_with("--listen: ")) << taken.error().message;
}

}  // namespace
}  // namespace dualtrace::ctl
