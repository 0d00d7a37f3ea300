// SPDX-License-Identifier: Apache-2.0
#pragma once
// A cluster for the webhook's tests: lists of exports and namespaces, and helpers that build small
// pods. Used from one thread.

#include <map>
#include <string>
#include <vector>

#include "operator/webhook/cluster_view.h"
#include "operator/webhook/pod_reviewer.h"

namespace dualtrace::ctl {

struct FakeClusterView final : ClusterView {
  KnownExports known;
  ConsentRules rules{.shared_namespaces = {"observability"}};
  std::map<std::string, Labels> labels;

  [[nodiscard]] std::shared_ptr<const KnownExports> exports() const override {
    return std::make_shared<const KnownExports>(known);
  }
  [[nodiscard]] std::optional<Labels> namespace_labels(const std::string& name) const override {
    const auto found = labels.find(name);
    return found == labels.end() ? std::nullopt : std::optional(found->second);
  }
  // `injection` is the spec's field; null admits every namespace.
  void add(const std::string& namespace_name, const std::string& name, Json injection = nullptr);
  void add(const Json& object);
  void add_faulty(const std::string& namespace_name, const std::string& name);
};

// Annotated "true", with one container "app" that has this env.
[[nodiscard]] Json pod_with(Json env = nullptr);
[[nodiscard]] Json value_of(std::string_view name, std::string_view value);
[[nodiscard]] Json field_of(std::string_view name, std::string_view field);

// Some compilers turn a Json of one element in braces into an array, others do not.
template <typename... Entry>
[[nodiscard]] Json list_of(Entry... entries) {
  Json list = Json::array();
  (list.push_back(std::move(entries)), ...);
  return list;
}

[[nodiscard]] AdmissionRequest creation(const Json& pod,
                                        const std::string& namespace_name = "shop");

// The DNS domain of the tests' cluster.
[[nodiscard]] ClusterDns known_dns();

// The pod after the answer's patch.
[[nodiscard]] Json answered(const Json& pod, const AdmissionAnswer& answer);
[[nodiscard]] Json reviewed(const Json& pod, const ClusterView& cluster,
                            const std::string& namespace_name = "shop",
                            const ClusterDns& dns = known_dns());

[[nodiscard]] const Json& env_of(const Json& pod, size_t container = 0);
// "" if the variable is missing or has no literal value.
[[nodiscard]] std::string variable_of(const Json& pod, std::string_view name, size_t container = 0);
[[nodiscard]] std::vector<std::string> names_of(const Json& env);
[[nodiscard]] std::string annotation(const Json& pod, std::string_view name);
// The word before the colon.
[[nodiscard]] std::string skip_reason(const Json& pod);

}  // namespace dualtrace::ctl
