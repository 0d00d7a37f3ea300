#include "operator/webhook/workload.h"

#include <algorithm>
#include <charconv>

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kResourcePrefix = "resource.opentelemetry.io/";
constexpr std::string_view kServiceName = "service.name";

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

// "web" of "web-5d9c7f" when the pod's template has that hash; "" when the ReplicaSet is nobody's.
std::string_view deployment_of(const Json& pod, std::string_view replica_set) {
  const std::string_view hash = label_of(pod, "pod-template-hash");
  if (hash.empty() || !replica_set.ends_with(hash)) return {};
  const std::string_view before = replica_set.substr(0, replica_set.size() - hash.size());
  return before.ends_with('-') ? before.substr(0, before.size() - 1) : std::string_view();
}

// A CronJob names its Jobs by the minute, counted from 1970, for which they are. Since 2019 such a
// number is larger than any day that a person may have written as 20250131.
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

Workload made_of(std::string_view outer_key, std::string_view outer, std::string_view key,
                 std::string_view name) {
  Workload workload;
  if (!outer.empty()) workload.attributes.emplace_back(outer_key, outer);
  workload.attributes.emplace_back(key, name);
  workload.name = outer.empty() ? name : outer;
  return workload;
}

}  // namespace

Workload workload_of(const Json& pod) {
  const Json* owner = controller_of(pod);
  if (owner == nullptr) return {};
  const std::string_view kind = text_at(*owner, {"kind"});
  const std::string_view name = text_at(*owner, {"name"});
  if (name.empty()) return {};
  if (kind == "ReplicaSet") {
    return made_of("k8s.deployment.name", deployment_of(pod, name), "k8s.replicaset.name", name);
  }
  if (kind == "StatefulSet") return made_of({}, {}, "k8s.statefulset.name", name);
  if (kind == "DaemonSet") return made_of({}, {}, "k8s.daemonset.name", name);
  if (kind == "Job") return made_of("k8s.cronjob.name", cron_job_of(name), "k8s.job.name", name);
  return {};
}

std::string_view annotation_of(const Json& pod, std::string_view name) {
  return text_at(pod, {"metadata", "annotations", name});
}

// The pod's name comes last but one: where it is made up (generateName), it is not known yet, and
// would be another service with every pod.
std::string service_name(const Json& pod, std::string_view container) {
  const std::string annotation = std::string(kResourcePrefix) + std::string(kServiceName);
  const Workload workload = workload_of(pod);
  for (const std::string_view name :
       {annotation_of(pod, annotation), label_of(pod, "app.kubernetes.io/instance"),
        label_of(pod, "app.kubernetes.io/name"), std::string_view(workload.name),
        text_at(pod, {"metadata", "name"})}) {
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
