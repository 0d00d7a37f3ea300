// SPDX-License-Identifier: Apache-2.0
#include "common/metric/metric.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace dualtrace {
namespace {

using testing::HasSubstr;
using ValueType = MetricRegistry::ValueType;

TEST(MetricRegistry, WritesCountersAsPrometheusText) {
  MetricRegistry registry;
  registry.counter("requests_total", "Requests received.", {{"protocol", "grpc"}}).add(2);
  registry.counter("requests_total", "Requests received.", {{"protocol", "http"}}).increment();
  EXPECT_EQ(registry.text(),
            "# HELP requests_total Requests received.\n"
            "# TYPE requests_total counter\n"
            "requests_total{protocol=\"grpc\"} 2\n"
            "requests_total{protocol=\"http\"} 1\n");
}

TEST(MetricRegistry, GivesTheSameHandleForTheSameNameAndLabels) {
  MetricRegistry registry;
  Counter& first = registry.counter("a_total", "A.", {{"lane", "arize"}});
  EXPECT_EQ(&first, &registry.counter("a_total", "A.", {{"lane", "arize"}}));
  EXPECT_NE(&first, &registry.counter("a_total", "A.", {{"lane", "databricks"}}));
  Histogram& histogram = registry.histogram("b_seconds", "B.", {1, 2});
  EXPECT_EQ(&histogram, &registry.histogram("b_seconds", "B.", {1, 2}));
}

TEST(MetricRegistry, SortsObservationsIntoBuckets) {
  MetricRegistry registry;
  Histogram& histogram = registry.histogram("append_seconds", "Append.", {0.1, 1});
  histogram.observe(0.05);
  histogram.observe(0.5);
  histogram.observe(5);
  const std::string text = registry.text();
  EXPECT_THAT(text, HasSubstr("# TYPE append_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("append_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("append_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("append_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("append_seconds_count 3\n"));
}

TEST(MetricRegistry, AsksObservedValuesAtEachScrape) {
  MetricRegistry registry;
  double backlog = 7;
  registry.observe(ValueType::kGauge, "backlog_bytes", "Backlog.", {{"lane", "arize"}},
                   [&] { return backlog; });
  EXPECT_THAT(registry.text(), HasSubstr("# TYPE backlog_bytes gauge\n"
                                         "backlog_bytes{lane=\"arize\"} 7\n"));
  backlog = 8;
  EXPECT_THAT(registry.text(), HasSubstr("backlog_bytes{lane=\"arize\"} 8\n"));
}

TEST(MetricRegistry, TypesAnObservedValueAsACounterWhenAsked) {
  MetricRegistry registry;
  registry.observe(ValueType::kCounter, "spans_total", "Spans.", {}, [] { return 3.0; });
  EXPECT_EQ(registry.text(),
            "# HELP spans_total Spans.\n# TYPE spans_total counter\nspans_total 3\n");
}

TEST(MetricRegistry, ReplacesAnObservedValueOfTheSameNameAndLabels) {
  MetricRegistry registry;
  registry.observe(ValueType::kGauge, "age_seconds", "Age.", {}, [] { return 1.0; });
  registry.observe(ValueType::kGauge, "age_seconds", "Age.", {}, [] { return 2.0; });
  EXPECT_EQ(registry.text(), "# HELP age_seconds Age.\n# TYPE age_seconds gauge\nage_seconds 2\n");
}

TEST(MetricRegistry, LetsAnObservedValueAskTheRegistry) {
  MetricRegistry registry;
  Counter& scrapes = registry.counter("scrapes_total", "Scrapes.");
  registry.observe(ValueType::kGauge, "one", "One.", {}, [&] {
    scrapes.increment();
    registry.counter("made_in_a_scrape_total", "Made.").increment();
    return 1.0;
  });
  EXPECT_THAT(registry.text(), HasSubstr("one 1\n"));
  EXPECT_THAT(registry.text(), HasSubstr("made_in_a_scrape_total 1\n"));
}

TEST(MetricRegistry, EscapesLabelValues) {
  MetricRegistry registry;
  registry.counter("a_total", "A.", {{"reason", "a\"b\\c\nd"}}).increment();
  EXPECT_THAT(registry.text(), HasSubstr("a_total{reason=\"a\\\"b\\\\c\\nd\"} 1\n"));
}

TEST(MetricRegistry, LosesNoIncrementFromManyThreads) {
  MetricRegistry registry;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        Counter& counter = registry.counter("a_total", "A.");
        for (int n = 0; n < 10'000; ++n) counter.increment();
        EXPECT_THAT(registry.text(), HasSubstr("a_total"));
      });
    }
  }
  EXPECT_THAT(registry.text(), HasSubstr("a_total 40000\n"));
}

TEST(MetricRegistryDeathTest, EndsTheProcessWhenANameHasTwoTypes) {
  MetricRegistry registry;
  registry.observe(ValueType::kGauge, "a", "A.", {}, [] { return 0.0; });
  EXPECT_DEATH(registry.counter("a", "A."), "invariant violated");
}

}  // namespace
}  // namespace dualtrace
