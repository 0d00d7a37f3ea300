// SPDX-License-Identifier: Apache-2.0
#include "common/metric/metric.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

#include "common/error/check.h"
#include "common/sync/mutex.h"

namespace dualtrace {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) override { counter_.Increment(amount); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void observe(double value) override { histogram_.Observe(value); }

 private:
  prometheus::Histogram& histogram_;
};

struct ObservedFamily {
  MetricRegistry::ValueType type = MetricRegistry::ValueType::kGauge;
  std::string help;
  std::map<MetricLabels, std::function<double()>> values;
};

prometheus::MetricFamily collect(const std::string& name, const ObservedFamily& observed) {
  const bool counts = observed.type == MetricRegistry::ValueType::kCounter;
  prometheus::MetricFamily family;
  family.name = name;
  family.help = observed.help;
  family.type = counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const auto& [labels, value] : observed.values) {
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    for (const auto& [label, text] : labels) metric.label.push_back({label, text});
    (counts ? metric.counter.value : metric.gauge.value) = value();
  }
  return family;
}

// The library keeps its metrics in hash maps; a stable order helps people and tests.
void sort(std::vector<prometheus::MetricFamily>& families) {
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (prometheus::MetricFamily& family : families) {
    std::sort(family.metric.begin(), family.metric.end(),
              [](const auto& a, const auto& b) { return a.label < b.label; });
  }
}

}  // namespace

struct MetricRegistry::State {
  using Key = std::pair<std::string, MetricLabels>;

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  Mutex mutex;
  std::map<Key, PrometheusCounter> counters DT_GUARDED_BY(mutex);
  std::map<Key, PrometheusHistogram> histograms DT_GUARDED_BY(mutex);
  std::map<std::string, ObservedFamily> observed DT_GUARDED_BY(mutex);
};

MetricRegistry::MetricRegistry() : state_(std::make_unique<State>()) {}
MetricRegistry::~MetricRegistry() = default;

Counter& MetricRegistry::counter(const std::string& name, const std::string& help,
                                 const MetricLabels& labels) {
  const Lock lock(state_->mutex);
  DT_CHECK(!state_->observed.contains(name));
  State::Key key{name, labels};
  if (auto found = state_->counters.find(key); found != state_->counters.end()) {
    return found->second;
  }
  prometheus::Counter& made =
      prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry).Add(labels);
  return state_->counters.try_emplace(std::move(key), made).first->second;
}

Histogram& MetricRegistry::histogram(const std::string& name, const std::string& help,
                                     const std::vector<double>& bounds,
                                     const MetricLabels& labels) {
  const Lock lock(state_->mutex);
  DT_CHECK(!state_->observed.contains(name));
  DT_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
  State::Key key{name, labels};
  if (auto found = state_->histograms.find(key); found != state_->histograms.end()) {
    return found->second;
  }
  prometheus::Histogram& made = prometheus::BuildHistogram()
                                    .Name(name)
                                    .Help(help)
                                    .Register(state_->registry)
                                    .Add(labels, bounds);
  return state_->histograms.try_emplace(std::move(key), made).first->second;
}

void MetricRegistry::observe(ValueType type, const std::string& name, const std::string& help,
                             const MetricLabels& labels, std::function<double()> value) {
  const Lock lock(state_->mutex);
  const auto [family, inserted] = state_->observed.try_emplace(name);
  if (inserted) {
    family->second.type = type;
    family->second.help = help;
  }
  DT_CHECK(family->second.type == type);
  family->second.values.insert_or_assign(labels, std::move(value));
}

std::string MetricRegistry::text() const {
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  std::map<std::string, ObservedFamily> observed;
  {
    // Copied, so that the functions run without our lock: they may take their own locks.
    const Lock lock(state_->mutex);
    observed = state_->observed;
  }
  for (const auto& [name, family] : observed) families.push_back(collect(name, family));
  sort(families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace dualtrace
