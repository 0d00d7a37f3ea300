// SPDX-License-Identifier: Apache-2.0
#pragma once
// Metrics: a registry of counters, gauges and histograms, on prometheus-cpp, served as Prometheus
// text. A component takes a MetricRegistry& in its constructor, keeps its handles as members, and
// never looks up a metric on a hot path. Every name is described in docs/metrics.md (tested).
// Thread-safe. The registry outlives the handles.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dualtrace {

using MetricLabels = std::map<std::string, std::string>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount) = 0;
  void increment() { add(1); }
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

class MetricRegistry {
 public:
  MetricRegistry();
  ~MetricRegistry();
  MetricRegistry(const MetricRegistry&) = delete;
  MetricRegistry& operator=(const MetricRegistry&) = delete;

  // The same (name, labels) returns the same handle. Names are snake_case and end in the unit and,
  // for counters, in `_total`: dualtrace_receiver_requests_total.
  Counter& counter(const std::string& name, const std::string& help,
                   const MetricLabels& labels = {});
  Histogram& histogram(const std::string& name, const std::string& help,
                       const std::vector<double>& bounds, const MetricLabels& labels = {});
  // `value` is called at each scrape, on the scraping thread. It must be thread-safe and cheap, and
  // what it reads must outlive the last text(). A second call with the same (name, labels) replaces
  // it.
  enum class ValueType { kGauge, kCounter };
  void observe(ValueType type, const std::string& name, const std::string& help,
               const MetricLabels& labels, std::function<double()> value);

  // Prometheus text exposition format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dualtrace
