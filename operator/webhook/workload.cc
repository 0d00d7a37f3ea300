// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/workload.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "operator/webhook/service_labels.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kResourcePrefix = "resource.opentelemetry.io/";
constexpr std::string_view kServiceName = "service.name";

constexpr auto kNamedByPeople = std::to_array<std::pair<std::string_view, std::string_view>>(
    {{"Deployment", "k8s.deployment.name"},
     {"StatefulSet", "k8s.statefulset.name"},
     {"DaemonSet", "k8s.daemonset.name"},
     {"ReplicationController", "k8s.replicationcontroller.name"}});

std::string_view label_of(const Json& pod, std::string_view name) {
  return text_at(pod, {"metadata", "labels", name});
}

const Json* controller_of(const Json& pod) {
  const Json& owners = array_at(pod, {"metadata", "ownerReferences"});
  const auto found = std::find_if(owners.begin(), owners.end(), [](const Json& owner) {
    const Json* controls = find(owner, {"controller"});
    return controls != nullptr && controls->is_boolean() && controls->get<bool>();
  });
  return found == owners.end() ? nullptr : &*found;
}

// "web" for "web-5d9c7f" if the pod has that template hash under this label; "" if not.
std::string_view before_hash(const Json& pod, std::string_view label, std::string_view name) {
  const std::string_view hash = label_of(pod, label);
  if (hash.empty() || !name.ends_with(hash)) return {};
  const std::string_view before = name.substr(0, name.size() - hash.size());
  return before.ends_with('-') ? before.substr(0, before.size() - 1) : std::string_view();
}

// A ReplicaSet belongs to a Deployment, to an Argo Rollout, for which OpenTelemetry has no
// attribute, or to nothing.
Workload of_replica_set(const Json& pod, std::string_view name) {
  Workload workload;
  const std::string_view deployment = before_hash(pod, "pod-template-hash", name);
  if (!deployment.empty()) workload.attributes.emplace_back("k8s.deployment.name", deployment);
  workload.attributes.emplace_back("k8s.replicaset.name", name);
  const std::string_view rollout = before_hash(pod, "rollouts-pod-template-hash", name);
  workload.name = !deployment.empty() ? deployment : rollout.empty() ? name : rollout;
  return workload;
}

// A CronJob names its Jobs after their scheduled minute, counted from 1970. Since 2019, such a
// number is larger than any date that a person may write as 20250131.
std::string_view cron_job_of(std::string_view job) {
  constexpr uint32_t kFirst = 26'000'000;
  constexpr uint32_t kLast = 99'999'999;
  const size_t dash = job.rfind('-');
  if (dash == std::string_view::npos || job.size() - dash != 9) return {};
  uint32_t minute = 0;
  const auto [end, error] = std::from_chars(job.data() + dash + 1, job.data() + job.size(), minute);
  const bool whole = error == std::errc() && end == job.data() + job.size();
  return whole && minute >= kFirst && minute <= kLast ? job.substr(0, dash) : std::string_view();
}

Workload made_of(std::string_view key, std::string_view name) {
  return {{{std::string(key), std::string(name)}}, std::string(name)};
}

// A Job by generateName has another name each time. The attribute has the whole name.
Workload of_job(std::string_view name) {
  const std::string_view cron_job = cron_job_of(name);
  if (cron_job.empty()) {
    return {{{"k8s.job.name", std::string(name)}}, std::string(without_run(name))};
  }
  Workload workload = made_of("k8s.cronjob.name", cron_job);
  workload.attributes.emplace_back("k8s.job.name", name);
  return workload;
}

}  // namespace

Workload workload_of(const Json& pod) {
  const Json* owner = controller_of(pod);
  if (owner == nullptr) return {};
  const std::string_view kind = text_at(*owner, {"kind"});
  const std::string_view name = text_at(*owner, {"name"});
  if (name.empty()) return {};
  if (kind == "ReplicaSet") return of_replica_set(pod, name);
  if (kind == "Job") return of_job(name);
  for (const auto& [known, key] : kNamedByPeople) {
    if (kind == known) return made_of(key, name);
  }
  // A custom kind: its own name is more meaningful than the names of its pods.
  return {{}, std::string(without_run(name))};
}

std::string_view annotation_of(const Json& pod, std::string_view name) {
  return text_at(pod, {"metadata", "annotations", name});
}

// Annotations and labels that people write for this purpose come first, then those of platforms,
// which also write a label with their own name on each pod (KubeRay: app.kubernetes.io/name is
// "kuberay"). The pod's name comes second to last: a generated name (generateName) is not known
// yet, and would be a different service for every pod.
std::string service_name(const Json& pod, std::string_view container) {
  const std::string annotation = std::string(kResourcePrefix) + std::string(kServiceName);
  const Workload workload = workload_of(pod);
  const std::string labelled = service_by_label(pod);
  for (const std::string_view name :
       {annotation_of(pod, annotation), label_of(pod, "app.kubernetes.io/instance"),
        std::string_view(labelled), label_of(pod, "app.kubernetes.io/name"),
        std::string_view(workload.name), text_at(pod, {"metadata", "name"})}) {
    if (!name.empty()) return std::string(name);
  }
  return std::string(container);
}

std::vector<std::pair<std::string, std::string>> annotated_attributes(const Json& pod) {
  std::vector<std::pair<std::string, std::string>> attributes;
  const Json* annotations = find(pod, {"metadata", "annotations"});
  if (annotations == nullptr || !annotations->is_object()) return attributes;
  for (const auto& [name, value] : annotations->items()) {
    if (!name.starts_with(kResourcePrefix) || !value.is_string()) continue;
    const std::string key = name.substr(kResourcePrefix.size());
    if (!key.empty() && key != kServiceName) attributes.emplace_back(key, value.get<std::string>());
  }
  return attributes;
}

}  // namespace dualtrace::ctl
