#include "operator/webhook/pod_attributes.h"

#include "common/error/check.h"
#include "operator/webhook/resource_attributes.h"
#include "operator/webhook/workload.h"

namespace dualtrace::ctl {
namespace {

constexpr std::string_view kPodNamespace = "DUALTRACE_POD_NAMESPACE";
constexpr std::string_view kPodName = "DUALTRACE_POD_NAME";
constexpr std::string_view kPodUid = "DUALTRACE_POD_UID";
constexpr std::string_view kNodeName = "DUALTRACE_NODE_NAME";

std::string_view field_of(std::string_view variable) {
  if (variable == kPodNamespace) return "metadata.namespace";
  if (variable == kPodName) return "metadata.name";
  if (variable == kPodUid) return "metadata.uid";
  DT_CHECK(variable == kNodeName);
  return "spec.nodeName";
}

// Names and uids need no encoding.
std::string reference(std::string_view variable) { return "$(" + std::string(variable) + ")"; }

WantedAttribute referring(std::string_view key, std::string_view variable) {
  return {std::string(key), reference(variable), {variable}};
}

}  // namespace

std::vector<WantedAttribute> wanted_attributes(const Json& pod, std::string_view container) {
  std::vector<WantedAttribute> wanted;
  for (const auto& [key, value] : annotated_attributes(pod)) {
    wanted.push_back({key, encode_attribute(value), {}});
  }
  wanted.push_back(referring("k8s.namespace.name", kPodNamespace));
  wanted.push_back(referring("k8s.pod.name", kPodName));
  wanted.push_back(referring("k8s.pod.uid", kPodUid));
  wanted.push_back(referring("k8s.node.name", kNodeName));
  wanted.push_back({"k8s.container.name", encode_attribute(container), {}});
  for (const auto& [key, value] : workload_of(pod).attributes) {
    wanted.push_back({key, encode_attribute(value), {}});
  }
  wanted.push_back(referring("service.namespace", kPodNamespace));
  wanted.push_back(
      {"service.instance.id",
       reference(kPodNamespace) + "." + reference(kPodName) + "." + encode_attribute(container),
       {kPodNamespace, kPodName}});
  return wanted;
}

Json field_variable(std::string_view name) {
  return {{"name", name},
          {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", field_of(name)}}}}}};
}

}  // namespace dualtrace::ctl
