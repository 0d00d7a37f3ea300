#include "agent/intake/enricher.h"

namespace dualtrace::agent {

std::vector<ResourceAddition> resource_additions(const AgentConfig& config) {
  std::vector<ResourceAddition> additions;
  for (const auto& [key, value] : config.resource_attributes) {
    additions.push_back(
        {.add = {{key, value}}, .unless_resource_has = {key}, .unless_spans_have = {}});
  }
  // Last, so that a project among the configured attributes wins.
  if (config.arize && config.arize->project) {
    const std::string& project = *config.arize->project;
    additions.push_back(
        {.add = {{"openinference.project.name", project}, {"model_id", project}},
         .unless_resource_has = {"openinference.project.name", "arize.project.name", "model_id"},
         .unless_spans_have = {"arize.project.name"}});
  }
  return additions;
}

}  // namespace dualtrace::agent
