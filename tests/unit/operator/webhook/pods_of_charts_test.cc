// SPDX-License-Identifier: Apache-2.0
// More than a hundred pods in the shapes of real charts (tests/data/pods_of_charts): each passes
// the webhook unharmed, and is injected or skipped for the reason that the file gives.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/webhook/pod_patch.h"
#include "tests/unit/operator/api/export_files.h"
#include "tests/unit/operator/webhook/world.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
constexpr std::string_view kName = "OTEL_SERVICE_NAME";

struct Shape {
  std::string file;
  Json example;
};

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const auto& file : yaml_files("tests/data/pods_of_charts")) {
    for (Json& example : read_yaml_file(file)) all.push_back({file.stem(), std::move(example)});
  }
  return all;
}

std::vector<std::string> texts_of(const Json& example, std::string_view list) {
  std::vector<std::string> texts;
  for (const Json& one : array_at(example, {list})) texts.push_back(one);
  return texts;
}

// The containers whose endpoint points to the agents, init containers first.
std::vector<std::string> injected_containers(const Json& pod) {
  std::vector<std::string> names;
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : array_at(pod, {"spec", list})) {
      for (const Json& entry : array_at(container, {"env"})) {
        const bool ours = text_at(entry, {"name"}) == kEndpoint &&
                          text_at(entry, {"value"}).starts_with("http://agents-dualtrace.");
        if (ours) names.emplace_back(text_at(container, {"name"}));
      }
    }
  }
  return names;
}

std::string added_name(const Json& pod) {
  for (const Json& container : array_at(pod, {"spec", "containers"})) {
    for (const Json& entry : array_at(container, {"env"})) {
      if (text_at(entry, {"name"}) == kName) return std::string(text_at(entry, {"value"}));
    }
  }
  return "";
}

class PodsOfCharts : public testing::TestWithParam<Shape> {
 protected:
  PodsOfCharts() {
    cluster.add("observability", "agents", {{"namespaceSelector", Json::object()}});
    cluster.labels["shop"] = {{"dualtrace.dev/inject", "observability.agents"}};
  }
  FakeClusterView cluster;
};

TEST_P(PodsOfCharts, PassUnharmedAndAreInjectedOrSayWhyNot) {
  const Json& example = GetParam().example;
  const Json& pod = example["pod"];
  const AdmissionAnswer answer = PodReviewer(cluster, known_dns()).review(creation(pod));
  const Json after = answered(pod, answer);
  EXPECT_TRUE(check_patched(pod, after)) << example["what"];

  const std::string says = example["says"];
  const std::string said = annotation(after, "dualtrace.dev/injected").empty()
                               ? skip_reason(after)
                               : std::string("injected");
  EXPECT_EQ(said, says) << example["what"];
  EXPECT_EQ(injected_containers(after), texts_of(example, "gets")) << example["what"];
  if (example.contains("service")) {
    EXPECT_EQ(added_name(after), example["service"]);
  }

  std::string warned;
  for (const std::string& one : texts_of(example, "warned")) {
    warned += (warned.empty() ? "" : ",") + one;
  }
  const std::string told = annotation(after, "dualtrace.dev/warned");
  EXPECT_EQ(told.substr(0, told.find(':')), warned) << example["what"] << ": " << told;
  EXPECT_EQ(reviewed(after, cluster), after) << "a second review changes nothing";
}

TEST(PodsOfChartsFiles, HaveAHundredOfThem) { EXPECT_GE(shapes().size(), 100U); }

INSTANTIATE_TEST_SUITE_P(Shapes, PodsOfCharts, testing::ValuesIn(shapes()), [](const auto& shape) {
  return shape.param.file + std::to_string(shape.index);
});

}  // namespace
}  // namespace dualtrace::ctl
