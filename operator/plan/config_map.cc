// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/child.h"
#include "operator/plan/layout.h"

namespace dualtrace::ctl {

// The name stays the same: agents see new content in their mounted folder and reload it.
Json config_map(const DualTraceExport& wanted, const std::string& agent_yaml) {
  Json object = child(wanted, kube::kConfigMaps);
  object["data"] = {{std::string(kConfigFile), agent_yaml}};
  return object;
}

}  // namespace dualtrace::ctl
