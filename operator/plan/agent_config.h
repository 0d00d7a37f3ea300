// SPDX-License-Identifier: Apache-2.0
#pragma once
// The agent's configuration of an export: the export's fields and what follows from the pod, as the
// YAML that agents read. It has gone through the agent's own validation; what that refuses comes
// back under the export's paths.
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

// "databricks.auth.tokenFile" → "spec.databricks.auth.token": the field that a key was made from.
[[nodiscard]] std::string export_path(std::string_view config_path);

}  // namespace dualtrace::ctl
