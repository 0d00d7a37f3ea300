// SPDX-License-Identifier: Apache-2.0
// Complete plans as files that people review and that the component tests apply to a real API
// server. DUALTRACE_REGENERATE=1 regenerates them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/unit/operator/plan/examples.h"

namespace dualtrace::ctl {
namespace {

void compare(const std::string& path, const std::string& text) {
  if (std::getenv("DUALTRACE_REGENERATE") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(read_text(path), text) << path << ": set DUALTRACE_REGENERATE=1 to regenerate";
}

class GoldenPlan : public testing::TestWithParam<std::string_view> {};

TEST_P(GoldenPlan, IsWhatTheFilesSay) {
  const Plan plan = plan_of(example(GetParam()));
  for (const PlannedObject& planned : plan.objects) {
    const std::string file(planned.type.plural);
    compare(example_folder(GetParam()) + "/" + file + ".json", planned.object.dump(2) + "\n");
  }
  compare(example_folder(GetParam()) + "/agent.yaml", agent_yaml_of(plan));
}

INSTANTIATE_TEST_SUITE_P(Examples, GoldenPlan, testing::ValuesIn(kExampleNames),
                         [](const auto& example) { return std::string(example.param); });

}  // namespace
}  // namespace dualtrace::ctl
