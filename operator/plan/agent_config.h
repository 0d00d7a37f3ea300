// SPDX-License-Identifier: Apache-2.0
#pragma once
// The agents' configuration for an export: the export's fields, and values that follow from the
// pod, as the YAML that agents read. The agent's own validation has checked it; faults are reported
// under the export's paths.
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/agent_config.h"
#include "operator/api/dual_trace_export.h"

namespace dualtrace::ctl {

struct AgentYaml {
  std::string text;
  AgentConfig config;  // what the text says
};

struct AgentYamlOrFaults {
  std::optional<AgentYaml> yaml;
  std::vector<ExportFault> faults;
};
[[nodiscard]] AgentYamlOrFaults agent_yaml(const DualTraceExport& wanted);

// "databricks.auth.tokenFile" → "spec.databricks.auth.token": the field that a key comes from.
[[nodiscard]] std::string export_path(std::string_view config_path);

}  // namespace dualtrace::ctl
