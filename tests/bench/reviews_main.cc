// SPDX-License-Identifier: Apache-2.0
// dualtrace-reviews: the cost of the webhook's answer to one pod with a given number of exports, as
// the rows of a Markdown table. The informers are the real ones, fed from memory. A review is timed
// from the parsed request to its answer. Rows take turns, and the median of the rounds counts.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/error/check.h"
#include "operator/api/dual_trace_export.h"
#include "operator/app/informers.h"
#include "operator/webhook/pod_reviewer.h"
#include "tests/fakes/fake_list_watch.h"
#include "tests/fakes/fake_scheduler.h"

namespace dualtrace::ctl {
namespace {

constexpr std::array kSizes{1, 100, 1000};  // exports
constexpr int kRounds = 15;
constexpr Duration kRound = std::chrono::milliseconds(50);

std::string team(int number) { return "team-" + std::to_string(number); }

// Each team has an export in its namespace that its own applications' pods may request.
Json export_of(int number) {
  return {
      {"metadata",
       {{"namespace", team(number)}, {"name", "agents"}, {"uid", "u"}, {"resourceVersion", "1"}}},
      {"spec",
       {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}},
        {"databricks",
         {{"workspaceURL", "https://dbc-a1b2c3d4-e5f6.cloud.databricks.com"},
          {"table", "main.traces.agents_otel_spans"},
          {"auth", {{"token", {{"secretName", "databricks"}}}}}}},
        {"injection", {{"namespaceSelector", {{"matchLabels", {{"team", team(number)}}}}}}}}}};
}

class Cluster {
 public:
  explicit Cluster(int exports) {
    informers_.start();
    scheduler_.run_ready();
    for (size_t at = 0; at < api_.watches.size(); ++at) {
      api_.watches[at]->end(fail(ErrorKind::kInvalid, "no streamed lists"));
    }
    scheduler_.run_ready();
    while (!informers_.unsynced().empty()) {
      for (size_t at = 0; at < api_.lists.size(); ++at) {
        if (api_.lists[at].done) answer(api_.lists[at], exports);
      }
    }
  }
  ~Cluster() { scheduler_.stop(); }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] const ClusterView& view() const { return informers_; }

 private:
  void answer(kube::FakeListWatch::Listed& listed, int exports) {
    kube::ListPage page{{}, "9", ""};
    if (listed.selection.type == kDualTraceExports) {
      for (int i = 0; i < exports; ++i) page.items.push_back(export_of(i));
    } else if (listed.selection.type == kube::kNamespaces) {
      page.items.push_back({{"metadata",
                             {{"name", "shop"},
                              {"uid", "u"},
                              {"resourceVersion", "1"},
                              {"labels", {{"team", team(0)}}}}}});
    }
    std::exchange(listed.done, nullptr)(std::move(page));
    scheduler_.run_ready();
  }

  FakeClock fake_clock_;
  FakeScheduler scheduler_{fake_clock_};
  kube::FakeListWatch api_;
  MetricRegistry metrics_;
  Informers informers_{{},
                       {api_, scheduler_, metrics_, {.shared_namespaces = {team(0)}}},
                       {.export_changed = [](const kube::Change&) {},
                        .child_changed = [](const kube::Change&) {},
                        .pod_changed = [](const kube::Change&) {},
                        .request_changed = [] {}}};
};

struct Asking {
  std::string title;
  std::string asks;      // "": requests nothing
  std::string injected;  // expected in the answer
};

AdmissionRequest creation(const std::string& asks) {
  Json pod = {
      {"metadata", {{"generateName", "web-"}, {"labels", {{"app", "web"}}}}},
      {"spec",
       {{"containers", Json::array({{{"name", "app"},
                                     {"image", "app:1"},
                                     {"env", Json::array({{{"name", "A"}, {"value", "1"}}})}}})}}}};
  if (!asks.empty()) pod["metadata"]["annotations"] = {{"dualtrace.dev/inject", asks}};
  AdmissionRequest request;
  request.operation = "CREATE";
  request.key = {"shop", ""};
  request.object = std::move(pod);
  return request;
}

double microseconds(const PodReviewer& reviewer, const AdmissionRequest& request) {
  SystemClock clock;
  const Tick begun = clock.tick();
  Tick now = begun;
  int reviews = 0;
  for (; now - begun < kRound; now = clock.tick(), ++reviews) {
    const AdmissionAnswer answer = reviewer.review(request);
    DT_CHECK(answer.warnings.empty());
  }
  return std::chrono::duration<double, std::micro>(now - begun).count() / reviews;
}

std::string line(const Cluster& cluster, int exports, const std::vector<Asking>& rows) {
  const PodReviewer reviewer(cluster.view());
  std::vector<std::vector<double>> times(rows.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t row = 0; row < rows.size(); ++row) {
      const AdmissionRequest request = creation(rows[row].asks);
      const auto said = reviewer.review(request).audit_annotations;
      DT_CHECK((said.contains("injected") ? said.at("injected") : "") == rows[row].injected);
      times[row].push_back(microseconds(reviewer, request));
    }
  }
  std::string text = fmt::format("| {} |", exports);
  for (std::vector<double>& of_row : times) {
    std::sort(of_row.begin(), of_row.end());
    text += fmt::format(" {:.1f} µs |", of_row[of_row.size() / 2]);
  }
  return text;
}

void run() {
  const std::vector<Asking> rows{{"asks for `\"true\"`", "true", "team-0/agents"},
                                 {"names an export", "team-0/agents", "team-0/agents"},
                                 {"asks for nothing", "", ""}};
  fmt::print("| exports |");
  for (const Asking& row : rows) fmt::print(" a pod that {} |", row.title);
  fmt::print("\n|---|---|---|---|\n");
  for (const int exports : kSizes) {
    const Cluster cluster(exports);
    fmt::print("{}\n", line(cluster, exports, rows));
  }
}

}  // namespace
}  // namespace dualtrace::ctl

int main() { dualtrace::ctl::run(); }
