// SPDX-License-Identifier: Apache-2.0
#include "operator/app/namespace_news.h"

#include <gtest/gtest.h>

namespace dualtrace::ctl {
namespace {

struct Events final : kube::EventSink {
  void record(kube::Event event) override { recorded.push_back(std::move(event)); }
  std::vector<kube::Event> recorded;
};

class NamespaceNewsTest : public testing::Test {
 protected:
  [[nodiscard]] bool shows(const std::string& line) const {
    return metrics.text().find(line + "\n") != std::string::npos;
  }

  MetricRegistry metrics;
  Events events;
  NamespaceNews news{
      {"a", "b"},
      events,
      [](const std::string& name) {
        Json object = {{"metadata", {{"namespace", name}, {"name", "agents"}, {"uid", "u"}}}};
        return std::vector{std::make_shared<const Json>(std::move(object))};
      },
      metrics};
};

TEST_F(NamespaceNewsTest, TellsOnceThatANamespaceIsNotServedAndOnceThatItIsAgain) {
  news.note({});
  EXPECT_TRUE(events.recorded.empty());
  EXPECT_TRUE(shows(R"(dualtrace_operator_namespace_served{namespace="a"} 1)"));
  for (int i = 0; i < 3; ++i) news.note({{"a", "list pods a: forbidden"}});
  ASSERT_EQ(events.recorded.size(), 1U);
  EXPECT_EQ(events.recorded[0].reason, "NamespaceNotServed");
  EXPECT_EQ(events.recorded[0].type, kube::Event::Type::kWarning);
  EXPECT_EQ(text_at(events.recorded[0].regarding, {"namespace"}), "a");
  EXPECT_NE(events.recorded[0].note.find("list pods a: forbidden"), std::string::npos);
  EXPECT_TRUE(shows(R"(dualtrace_operator_namespace_served{namespace="a"} 0)"));
  EXPECT_TRUE(shows(R"(dualtrace_operator_namespace_served{namespace="b"} 1)"));
  for (int i = 0; i < 3; ++i) news.note({});
  ASSERT_EQ(events.recorded.size(), 2U);
  EXPECT_EQ(events.recorded[1].reason, "NamespaceServed");
  EXPECT_TRUE(shows(R"(dualtrace_operator_namespace_served{namespace="a"} 1)"));
}

}  // namespace
}  // namespace dualtrace::ctl
