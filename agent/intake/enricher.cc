// SPDX-License-Identifier: Apache-2.0
#include "agent/intake/enricher.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dualtrace::agent {
namespace {

// Arize refuses a span without a project, or with an empty one.
constexpr std::array<std::string_view, 3> kProjectKeys = {"openinference.project.name",
                                                          "arize.project.name", "model_id"};

}  // namespace

std::vector<ResourceAddition> resource_additions(const AgentConfig& config) {
  std::vector<ResourceAddition> additions;
  for (const auto& [key, value] : config.resource_attributes) {
    additions.push_back({.add = {{key, value}},
                         .unless_resource_has = {key},
                         .unless_spans_have = {},
                         .needs_text = std::ranges::find(kProjectKeys, key) != kProjectKeys.end()});
  }
  // Last, so that a project in the configured attributes wins.
  if (config.arize && config.arize->project) {
    const std::string& project = *config.arize->project;
    additions.push_back({.add = {{"openinference.project.name", project}, {"model_id", project}},
                         .unless_resource_has = {kProjectKeys.begin(), kProjectKeys.end()},
                         .unless_spans_have = {"arize.project.name"},
                         .needs_text = true});
  }
  return additions;
}

}  // namespace dualtrace::agent
