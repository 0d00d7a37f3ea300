// SPDX-License-Identifier: Apache-2.0
#pragma once
// The variables of one container, by the rules of injection_plan.h. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "common/json/json.h"
#include "operator/webhook/agent_names.h"
#include "operator/webhook/container_variables.h"
#include "operator/webhook/injection_plan.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

// Settings for all containers of a pod.
struct PodWishes {
  std::string protocol;  // "": not set
  ContainerVariables::EnvFrom env_from{};
};

struct PodToPlan {
  const Json& pod;
  std::string_view namespace_name;
  const kube::ObjectKey& export_key;
  const AgentHosts& hosts;
  const PodWishes& wishes;
};

struct PlannedContainer {
  ContainerChange change;  // the caller sets `list` and `index`
  PodWarnings warnings;
};

[[nodiscard]] OrRefusal<PlannedContainer> plan_container(const PodToPlan& whole,
                                                         const Json& container);

// Whether it has our endpoint already, from an earlier review or from its author.
[[nodiscard]] bool points_to_agents(const Json& container, const kube::ObjectKey& export_key);

}  // namespace dualtrace::ctl
