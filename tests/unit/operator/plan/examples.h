// SPDX-License-Identifier: Apache-2.0
#pragma once
// The exports of tests/data/plan, parsed as the operator parses them. Pure.

#include <array>
#include <string>
#include <string_view>

#include "operator/plan/plan.h"

namespace dualtrace::ctl {

inline constexpr std::array<std::string_view, 7> kExampleNames = {
    "full",      "arize_only",        "empty_dir",    "openshift",
    "long_name", "workload_identity", "oauth_zerobus"};
inline const Installation kInstallation{.agent_image = "registry.example.com/dualtrace/agent:0.1.0",
                                        .can_prefer_same_node = true};

[[nodiscard]] std::string read_text(const std::string& path);
[[nodiscard]] std::string example_folder(std::string_view name);
[[nodiscard]] DualTraceExport example(std::string_view name);

// DT_CHECKs that the export can be planned.
[[nodiscard]] Plan plan_of(const DualTraceExport& wanted,
                           const Installation& installation = kInstallation);
[[nodiscard]] const Json& object_of(const Plan& plan, const kube::ResourceType& type);
[[nodiscard]] std::string agent_yaml_of(const Plan& plan);

}  // namespace dualtrace::ctl
