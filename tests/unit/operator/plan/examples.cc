// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/plan/examples.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

namespace dualtrace::ctl {

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string example_folder(std::string_view name) {
  return DUALTRACE_TEST_DATA "/plan/" + std::string(name);
}

DualTraceExport example(std::string_view name) {
  const auto object = parse_json(read_text(example_folder(name) + "/export.json"));
  DT_CHECK(object.has_value());
  ExportOrFaults parsed = parse_export(*object);
  std::cerr << to_string(parsed.faults);
  DT_CHECK(parsed.value.has_value());
  return *std::move(parsed.value);
}

Plan plan_of(const DualTraceExport& wanted, const Installation& installation) {
  PlanOrFaults planned = plan_export(wanted, installation);
  std::cerr << to_string(planned.faults);
  DT_CHECK(planned.plan.has_value());
  return *std::move(planned.plan);
}

const Json& object_of(const Plan& plan, const kube::ResourceType& type) {
  const auto found =
      std::find_if(plan.objects.begin(), plan.objects.end(),
                   [&](const PlannedObject& planned) { return planned.type == type; });
  DT_CHECK(found != plan.objects.end());
  return found->object;
}

std::string agent_yaml_of(const Plan& plan) {
  return std::string(text_at(object_of(plan, kube::kConfigMaps), {"data", "agent.yaml"}));
}

}  // namespace dualtrace::ctl
