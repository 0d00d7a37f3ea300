// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/injection_plan.h"

#include <algorithm>

#include "operator/api/injection_words.h"
#include "operator/webhook/agent_names.h"
#include "operator/webhook/chosen_containers.h"
#include "operator/webhook/container_plan.h"
#include "operator/webhook/endpoints.h"
#include "operator/webhook/placement.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

Refusal not_understood(std::string_view annotation, std::string_view expected) {
  return {SkipReason::kInvalidRequest, "the annotation " + std::string(annotation) +
                                           " has an invalid value; set it to " +
                                           std::string(expected) + ", or remove it"};
}

OrRefusal<PodWishes> read_wishes(const Json& pod) {
  PodWishes wishes;
  if (find(pod, {"metadata", "annotations", kProtocolAnnotation}) != nullptr) {
    wishes.protocol = annotation_of(pod, kProtocolAnnotation);
    if (wishes.protocol != kGrpc && wishes.protocol != kHttpProtobuf) {
      return not_understood(kProtocolAnnotation, "\"http/protobuf\" or \"grpc\"");
    }
  }
  if (find(pod, {"metadata", "annotations", kEnvFromAnnotation}) != nullptr) {
    if (annotation_of(pod, kEnvFromAnnotation) != kEnvFromUnrelated) {
      return not_understood(kEnvFromAnnotation, "\"unrelated\"");
    }
    wishes.env_from = ContainerVariables::EnvFrom::kBringsNoneOfOurs;
  }
  return wishes;
}

bool changes_nothing(const ContainerChange& change) {
  return change.first.empty() && change.last.empty() && !change.appended;
}

// In a second review, the pod's own containers already have their variables. Containers that have
// been added since are another webhook's, unless the author named them.
bool was_added_since(const Json& pod, const Json& container, const kube::ObjectKey& export_key) {
  if (find(pod, {"metadata", "annotations", kContainersAnnotation}) != nullptr) return false;
  if (annotation_of(pod, kInjectedAnnotation) != export_key.to_string()) return false;
  return !points_to_agents(container, export_key) && has_variables(pod, export_key);
}

OrRefusal<InjectionPlan> plan_chosen(const PodToPlan& whole,
                                     const std::vector<ChosenContainer>& containers) {
  InjectionPlan plan;
  for (const auto& [list, index] : containers) {
    const Json& container = array_at(whole.pod, {"spec", list})[index];
    auto planned = plan_container(whole, container);
    if (auto* refusal = std::get_if<Refusal>(&planned)) {
      plan.left.push_back({std::string(text_at(container, {"name"})), std::move(*refusal)});
      continue;
    }
    if (was_added_since(whole.pod, container, whole.export_key)) continue;
    auto& [change, warnings] = std::get<PlannedContainer>(planned);
    plan.warnings.insert(plan.warnings.end(), warnings.begin(), warnings.end());
    change.list = list;
    change.index = index;
    if (!changes_nothing(change)) plan.changes.push_back(std::move(change));
  }
  if (plan.left.empty()) return plan;
  const auto& [name, refusal] = plan.left.front();
  Refusal whole_pods{refusal.reason, "container " + name + ": " + refusal.message};
  // If an earlier review refused the pod for this, it refused every container: any container that
  // can be injected now was added since.
  const bool is_said = annotation_of(whole.pod, kSkippedAnnotation) == to_string(whole_pods);
  if (plan.left.size() < containers.size() && !is_said) return plan;
  return whole_pods;
}

}  // namespace

bool has_variables(const Json& pod, const kube::ObjectKey& export_key) {
  const auto points = [&](const Json& one) { return points_to_agents(one, export_key); };
  const Json& containers = array_at(pod, {"spec", "containers"});
  const Json& init_containers = array_at(pod, {"spec", "initContainers"});
  return std::any_of(containers.begin(), containers.end(), points) ||
         std::any_of(init_containers.begin(), init_containers.end(), points);
}

OrRefusal<InjectionPlan> plan_injection(const Json& pod, const InjectionTarget& target) {
  if (auto refusal = check_placement(pod)) return *std::move(refusal);
  auto hosts = agent_hosts(pod, target.export_key, target.dns);
  if (auto* refusal = std::get_if<Refusal>(&hosts)) return std::move(*refusal);
  auto wishes = read_wishes(pod);
  if (auto* refusal = std::get_if<Refusal>(&wishes)) return std::move(*refusal);
  auto chosen = choose_containers(pod);
  if (auto* refusal = std::get_if<Refusal>(&chosen)) return std::move(*refusal);
  auto planned = plan_chosen({.pod = pod,
                              .namespace_name = target.namespace_name,
                              .export_key = target.export_key,
                              .hosts = std::get<AgentHosts>(hosts),
                              .wishes = std::get<PodWishes>(wishes)},
                             std::get<std::vector<ChosenContainer>>(chosen));
  auto* plan = std::get_if<InjectionPlan>(&planned);
  if (auto warning = placement_warning(pod); warning && plan != nullptr) {
    plan->warnings.push_back(*std::move(warning));
  }
  return planned;
}

}  // namespace dualtrace::ctl
