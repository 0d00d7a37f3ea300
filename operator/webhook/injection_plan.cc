#include "operator/webhook/injection_plan.h"

#include "operator/api/injection_words.h"
#include "operator/webhook/chosen_containers.h"
#include "operator/webhook/container_plan.h"
#include "operator/webhook/endpoints.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

bool is_true(const Json& pod, JsonPath path) {
  const Json* value = find(pod, path);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

// Agents run on Linux nodes, and a pod reaches the one of its own node only.
std::optional<Refusal> check_node(const Json& pod) {
  const std::string_view os = text_at(pod, {"spec", "os", "name"});
  const std::string_view selected = text_at(pod, {"spec", "nodeSelector", "kubernetes.io/os"});
  for (const std::string_view name : {os, selected}) {
    if (!name.empty() && name != "linux") {
      return Refusal{SkipReason::kNotLinux,
                     "the pod runs on nodes that have no agents; send its "
                     "spans elsewhere"};
    }
  }
  return std::nullopt;
}

// The agents' Service has a name that only the cluster's DNS knows. With a policy of None the pod
// brings servers of its own, which are usually the cluster's and some more.
std::optional<Refusal> check_dns(const Json& pod) {
  const std::string_view policy = text_at(pod, {"spec", "dnsPolicy"});
  const bool by_node = policy == "Default" || (is_true(pod, {"spec", "hostNetwork"}) &&
                                               (policy.empty() || policy == "ClusterFirst"));
  if (!by_node) return std::nullopt;
  return Refusal{
      SkipReason::kNoClusterDns,
      "the pod resolves names as its node does, which does not know the agents' Service; "
      "set dnsPolicy to ClusterFirst, with hostNetwork to ClusterFirstWithHostNet"};
}

Refusal not_understood(std::string_view annotation, std::string_view expected) {
  return {SkipReason::kInvalidRequest, "the annotation " + std::string(annotation) +
                                           " is not understood; write " + std::string(expected) +
                                           ", or leave it out"};
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

}  // namespace

OrRefusal<InjectionPlan> plan_injection(const Json& pod, const kube::ObjectKey& export_key) {
  if (auto refusal = check_node(pod)) return *std::move(refusal);
  if (auto refusal = check_dns(pod)) return *std::move(refusal);
  auto wishes = read_wishes(pod);
  if (auto* refusal = std::get_if<Refusal>(&wishes)) return std::move(*refusal);
  auto chosen = choose_containers(pod);
  if (auto* refusal = std::get_if<Refusal>(&chosen)) return std::move(*refusal);

  InjectionPlan plan;
  const auto& containers = std::get<std::vector<ChosenContainer>>(chosen);
  for (const auto& [list, index] : containers) {
    const Json& container = array_at(pod, {"spec", list})[index];
    auto planned = plan_container(pod, container, std::get<PodWishes>(wishes), export_key);
    if (auto* refusal = std::get_if<Refusal>(&planned)) {
      plan.left.push_back({std::string(text_at(container, {"name"})), std::move(*refusal)});
      continue;
    }
    auto& change = std::get<ContainerChange>(planned);
    change.list = list;
    change.index = index;
    if (!changes_nothing(change)) plan.changes.push_back(std::move(change));
  }
  if (plan.left.size() < containers.size()) return plan;
  const auto& [name, refusal] = plan.left.front();
  return Refusal{refusal.reason, "container " + name + ": " + refusal.message};
}

}  // namespace dualtrace::ctl
