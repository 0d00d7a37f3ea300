// SPDX-License-Identifier: Apache-2.0
#include "operator/app/webhook_server.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/fakes/fake_clock.h"

namespace dualtrace::ctl {
namespace {

struct WebhookServerTest : ::testing::Test {
  FakeClock clock;
  MetricRegistry metrics;
  AdmissionAnswer answer;
  std::vector<Tick> waits;
  const Reviews reviews{{"/mutate-pods", [this](const AdmissionRequest&) { return answer; }},
                        {"/asks",
                         [this](const AdmissionRequest&, Tick wait_until) {
                           waits.push_back(wait_until);
                           return answer;
                         }},
                        {"/broken", [](const AdmissionRequest&) -> AdmissionAnswer {
                           throw std::runtime_error("fault");
                         }}};
  HttpServerRequest request{
      .method = "POST",
      .path = "/mutate-pods",
      .query = "timeout=2s",
      .headers = {{"content-type", "application/json"}},
      .body = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":
              {"uid":"u","operation":"CREATE","namespace":"n","object":{}}})"};

  HttpServerResponse ask(Duration patience = {}) {
    return answer_review(request, reviews, {clock.tick(), clock.tick() + patience}, clock, metrics);
  }
  bool counted(const std::string& path, const std::string& result) {
    return metrics.text().find("dualtrace_operator_webhook_requests_total{path=\"" + path +
                               "\",result=\"" + result + "\"} 1") != std::string::npos;
  }
};

TEST_F(WebhookServerTest, AnswersAReviewWithWhatItsPathSays) {
  EXPECT_EQ(ask().status, 200);
  EXPECT_TRUE(counted("/mutate-pods", "unchanged"));
  answer.warnings = {"hm"};
  EXPECT_NE(ask().body.find("hm"), std::string::npos);
  EXPECT_TRUE(counted("/mutate-pods", "warned"));
  answer.patch.push_back({{"op", "add"}, {"path", "/a"}, {"value", 1}});
  EXPECT_NE(ask().body.find("JSONPatch"), std::string::npos);
  answer.audit_annotations = {{"injected", "shop/agents"}};
  EXPECT_EQ(ask().status, 200);
  EXPECT_TRUE(counted("/mutate-pods", "injected")) << "as the reviewer decides";
}

TEST_F(WebhookServerTest, HasNoReviewInItsAnswerToWhatItCannotRead) {
  request.body = "{}";
  EXPECT_EQ(ask().status, 400);
  EXPECT_EQ(ask().body, "apiVersion: expected admission.k8s.io/v1\n");
  request.headers = {{"content-type", "text/plain"}};
  EXPECT_EQ(ask().status, 415);
  request.method = "GET";
  EXPECT_EQ(ask().status, 405);
  request.path = "/somewhere";
  EXPECT_EQ(ask().status, 404);
  EXPECT_TRUE(counted("other", "refused"));
  EXPECT_EQ(metrics.text().find("somewhere"), std::string::npos);
}

TEST_F(WebhookServerTest, TellsAReviewThatAsksSomebodyHowLongItMayWait) {
  request.path = "/asks";
  EXPECT_EQ(ask(std::chrono::milliseconds(300)).status, 200);
  EXPECT_EQ(waits, (std::vector{clock.tick() + std::chrono::milliseconds(300)}));
}

TEST_F(WebhookServerTest, OutlivesAReviewThatFails) {
  request.path = "/broken";
  EXPECT_EQ(ask().status, 500);
  EXPECT_TRUE(counted("/broken", "failed"));
}

}  // namespace
}  // namespace dualtrace::ctl
