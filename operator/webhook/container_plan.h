#pragma once
// The variables of one container: the rules of injection_plan.h, applied. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "common/json/json.h"
#include "operator/webhook/container_variables.h"
#include "operator/webhook/injection_plan.h"
#include "operator/webhook/refusal.h"

namespace dualtrace::ctl {

// What holds for all containers of a pod.
struct PodWishes {
  std::string protocol;  // "": not asked for
  ContainerVariables::EnvFrom env_from{};
};

// `list` and `index` of the change are left for the caller.
[[nodiscard]] OrRefusal<ContainerChange> plan_container(const Json& pod, const Json& container,
                                                        const PodWishes& wishes,
                                                        const kube::ObjectKey& export_key);

}  // namespace dualtrace::ctl
