// SPDX-License-Identifier: Apache-2.0
// Pods before and after injection, as files that people review: tests/data/injection/<name>.yaml
// has the namespace, the namespaces that the installation shares, the exports and the pod.
// <name>.after.yaml has the pod after one review, which further reviews do not change.
// DUALTRACE_REGENERATE=1 regenerates the latter.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/unit/operator/api/export_files.h"
#include "tests/unit/operator/webhook/world.h"
#include "tests/unit/operator/webhook/yaml_text.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kAfter = ".after.yaml";

std::vector<std::filesystem::path> examples() {
  auto files = yaml_files("tests/data/injection");
  std::erase_if(files, [](const auto& file) { return file.string().ends_with(kAfter); });
  return files;
}

FakeClusterView cluster_of(const Json& example) {
  FakeClusterView cluster;
  const auto shared = example.value("shared", std::vector<std::string>());
  cluster.rules.shared_namespaces = {shared.begin(), shared.end()};
  for (const Json& one : array_at(example, {"exports"})) {
    cluster.add(one["namespace"], one["name"], one.value("injection", Json::object()));
  }
  const Json* labels = find(example, {"namespace", "labels"});
  cluster.labels[example["namespace"]["name"]] =
      labels == nullptr ? Labels{} : labels->get<Labels>();
  return cluster;
}

class GoldenPod : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenPod, IsWhatTheFileSays) {
  const Json example = read_yaml_file(GetParam());
  const FakeClusterView cluster = cluster_of(example);
  const Json after = reviewed(example["pod"], cluster, example["namespace"]["name"]);
  auto file = GetParam();
  file.replace_extension(kAfter);
  if (std::getenv("DUALTRACE_REGENERATE") != nullptr) {
    std::ofstream(std::filesystem::path(DUALTRACE_ROOT) / file) << to_yaml(after);
  }
  EXPECT_EQ(read_yaml_file(file), after) << "set DUALTRACE_REGENERATE=1 to regenerate";
  EXPECT_EQ(reviewed(after, cluster, example["namespace"]["name"]), after);
}

INSTANTIATE_TEST_SUITE_P(Examples, GoldenPod, testing::ValuesIn(examples()),
                         [](const auto& example) { return example.param.stem().string(); });

}  // namespace
}  // namespace dualtrace::ctl
