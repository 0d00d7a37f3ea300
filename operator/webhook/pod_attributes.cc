// SPDX-License-Identifier: Apache-2.0
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

// A text for OTEL_RESOURCE_ATTRIBUTES, and the variables it refers to; "" if it cannot be known.
struct Fact {
  std::string text{};
  std::vector<std::string_view> refers{};
};

struct PodFacts {
  Fact namespace_name;
  Fact name;
  Fact uid;
  Fact node;
};

Fact referring(std::string_view variable) { return {reference(variable), {variable}}; }

// Pods of its revisions have one of these labels; so do KServe's on Knative.
bool is_knatives(const Json& pod) {
  constexpr std::string_view kPrefix = "serving.knative.dev/";
  const Json* labels = find(pod, {"metadata", "labels"});
  if (labels == nullptr || !labels->is_object()) return false;
  for (const auto& [name, value] : labels->items()) {
    if (name.starts_with(kPrefix)) return true;
  }
  return false;
}

PodFacts facts_of(const Json& pod, std::string_view namespace_name) {
  if (!is_knatives(pod)) {
    return {referring(kPodNamespace), referring(kPodName), referring(kPodUid),
            referring(kNodeName)};
  }
  return {{encode_attribute(namespace_name)},
          {encode_attribute(text_at(pod, {"metadata", "name"}))},
          {},
          {}};
}

// The instance id of this container of the pod; "" if one of the names is not known.
Fact instance_of(const PodFacts& facts, std::string_view container) {
  const auto& [space, name, uid, node] = facts;
  if (space.text.empty() || name.text.empty()) return {};
  Fact instance{space.text + "." + name.text + "." + encode_attribute(container), space.refers};
  instance.refers.insert(instance.refers.end(), name.refers.begin(), name.refers.end());
  return instance;
}

}  // namespace

std::vector<WantedAttribute> wanted_attributes(const Json& pod, std::string_view container,
                                               std::string_view namespace_name) {
  std::vector<WantedAttribute> wanted;
  const auto add = [&](std::string_view key, const Fact& fact) {
    if (!fact.text.empty()) wanted.push_back({std::string(key), fact.text, fact.refers});
  };
  for (const auto& [key, value] : annotated_attributes(pod)) {
    wanted.push_back({key, encode_attribute(value), {}});
  }
  const PodFacts facts = facts_of(pod, namespace_name);
  add("k8s.namespace.name", facts.namespace_name);
  add("k8s.pod.name", facts.name);
  add("k8s.pod.uid", facts.uid);
  add("k8s.node.name", facts.node);
  wanted.push_back({"k8s.container.name", encode_attribute(container), {}});
  for (const auto& [key, value] : workload_of(pod).attributes) {
    wanted.push_back({key, encode_attribute(value), {}});
  }
  add("service.namespace", facts.namespace_name);
  add("service.instance.id", instance_of(facts, container));
  return wanted;
}

Json field_variable(std::string_view name) {
  return {{"name", name},
          {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", field_of(name)}}}}}};
}

}  // namespace dualtrace::ctl
