// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/webhook/world.h"

#include <gtest/gtest.h>

#include "operator/api/injection_words.h"

namespace dualtrace::ctl {

void FakeClusterView::add(const std::string& namespace_name, const std::string& name,
                          Json injection) {
  Json object = {
      {"metadata", {{"namespace", namespace_name}, {"name", name}}},
      {"spec", {{"arize", {{"region", "US"}, {"credentials", {{"secretName", "arize"}}}}}}}};
  if (injection.is_null()) injection = {{"namespaceSelector", Json::object()}};
  object["spec"]["injection"] = std::move(injection);
  add(object);
}

void FakeClusterView::add(const Json& object) {
  const kube::ObjectKey key = kube::key_of(object);
  known[key] = read_known_export(key, object, rules);
}

void FakeClusterView::add_faulty(const std::string& namespace_name, const std::string& name) {
  add(Json{{"metadata", {{"namespace", namespace_name}, {"name", name}}},
           {"spec", Json::object()}});
}

Json pod_with(Json env) {
  Json container = {{"name", "app"}, {"image", "app:1"}};
  if (!env.is_null()) container["env"] = std::move(env);
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", "web-0"}, {"annotations", {{std::string(kInjectWord), "true"}}}}},
          {"spec", {{"containers", Json::array({container})}}}};
}

Json value_of(std::string_view name, std::string_view value) {
  return {{"name", name}, {"value", value}};
}

Json field_of(std::string_view name, std::string_view field) {
  return {{"name", name},
          {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", field}}}}}};
}

AdmissionRequest creation(const Json& pod, const std::string& namespace_name) {
  AdmissionRequest request;
  request.uid = "1";
  request.operation = "CREATE";
  request.key = {namespace_name, std::string(text_at(pod, {"metadata", "name"}))};
  request.object = pod;
  return request;
}

Json answered(const Json& pod, const AdmissionAnswer& answer) {
  return answer.patch.empty() ? pod : pod.patch(answer.patch);
}

ClusterDns known_dns() { return {"cluster.local", {"10.96.0.10"}}; }

Json reviewed(const Json& pod, const ClusterView& cluster, const std::string& namespace_name,
              const ClusterDns& dns) {
  return answered(pod, PodReviewer(cluster, dns).review(creation(pod, namespace_name)));
}

const Json& env_of(const Json& pod, size_t container) {
  return array_at(array_at(pod, {"spec", "containers"})[container], {"env"});
}

std::string variable_of(const Json& pod, std::string_view name, size_t container) {
  for (const Json& entry : env_of(pod, container)) {
    if (text_at(entry, {"name"}) == name) return std::string(text_at(entry, {"value"}));
  }
  return "";
}

std::vector<std::string> names_of(const Json& env) {
  std::vector<std::string> names;
  for (const Json& entry : env) names.emplace_back(text_at(entry, {"name"}));
  return names;
}

std::string annotation(const Json& pod, std::string_view name) {
  return std::string(text_at(pod, {"metadata", "annotations", name}));
}

std::string skip_reason(const Json& pod) {
  const std::string text = annotation(pod, kSkippedAnnotation);
  return text.substr(0, text.find(':'));
}

}  // namespace dualtrace::ctl
